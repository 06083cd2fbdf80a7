// Phones: photos are made small before they are sent; a scanner inside the page where the browser allows a camera.
// ES2017. Without it photos go as they are, and the phone's own scanner opens the plate.
(() => {
  "use strict";
  const doc = document, LONGEST = 1280, QUALITY = 0.8;
  const jsqr = doc.currentScript.dataset.jsqr;

  const draw = (picture, wide, high) => {
    const canvas = doc.createElement("canvas");
    canvas.width = wide;
    canvas.height = high;
    canvas.getContext("2d").drawImage(picture, 0, 0, wide, high);
    return canvas;
  };

  const opened = (file) => new Promise((done, fail) => {
    const picture = new Image();
    picture.onload = () => done(picture);
    picture.onerror = fail;
    picture.src = URL.createObjectURL(file);
  });

  // The same picture, at most 1280 px long; unchanged if this browser cannot (the server checks all the same)
  const small = async (file) => {
    try {
      const picture = await opened(file);
      const scale = Math.min(1, LONGEST / Math.max(picture.naturalWidth, picture.naturalHeight));
      const canvas = draw(picture, Math.round(picture.naturalWidth * scale), Math.round(picture.naturalHeight * scale));
      URL.revokeObjectURL(picture.src);
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
      return blob && blob.size < file.size ? new File([blob], "photo.jpg", { type: "image/jpeg" }) : file;
    } catch (e) { return file; }
  };

  const show = (label, file) => {
    const image = doc.createElement("img"), off = doc.createElement("button"), cross = doc.createElement("span");
    image.src = URL.createObjectURL(file);
    image.alt = "";
    off.type = "button";
    off.className = "photo-off";
    off.setAttribute("aria-label", "去掉这张照片");
    cross.textContent = "×";
    off.append(cross);
    label.classList.add("full");
    label.append(image, off);
  };

  const clear = (label) => {
    label.classList.remove("full");
    label.querySelectorAll("img, .photo-off").forEach((el) => el.remove());
  };

  // One empty place after the last picture while there is room, the rest hidden
  const arrange = (group) => {
    const used = group.querySelectorAll(".photo.full, .photo-kept :checked").length;
    let free = used >= Number(group.dataset.photos);
    group.querySelectorAll(".photo:not(.photo-kept)").forEach((label) => {
      const empty = !label.classList.contains("full");
      label.hidden = empty && free;
      if (empty) free = true;
    });
  };

  const taken = async (input) => {
    const label = input.closest(".photo"), file = input.files[0];
    clear(label);
    if (file) {
      const less = await small(file);
      if (less !== file) {
        const box = new DataTransfer();
        box.items.add(less);
        input.files = box.files;
      }
      show(label, less);
    }
    arrange(input.closest("[data-photos]"));
  };

  const wake = () => doc.querySelectorAll("[data-photos]").forEach(arrange);
  doc.addEventListener("htmx:afterSettle", wake);
  wake();
  doc.addEventListener("change", (e) => { 
    if (e.target.matches("[data-photos] input[type=file]")) taken(e.target);
    else if (e.target.matches(".photo-kept input")) arrange(e.target.closest("[data-photos]"));
  });
  doc.addEventListener("click", (e) => {
    const off = e.target.closest("button.photo-off");
    if (!off) return;
    e.preventDefault();
    const label = off.closest(".photo");
    label.querySelector("input").value = "";
    clear(label);
    arrange(label.closest("[data-photos]"));
  });

  // The button says what it will do: <form data-says="记 % 分">, radio buttons with data-score, a choice of points beside
  const said = (form) => {
    const radio = [...form.elements].find((el) => el.type === "radio" && el.checked);
    const button = doc.querySelector(`button[form="${form.id}"]`);
    if (!button) return;
    button.dataset.plain = button.dataset.plain || button.textContent;
    if (!radio) { button.textContent = button.dataset.plain; return; }
    const pick = radio.closest(".pick"), select = pick && pick.querySelector("select");
    const score = select ? select.selectedOptions[0].textContent.trim() : radio.dataset.score;
    button.textContent = "veto" in radio.dataset ? `记${score}` : form.dataset.says.replace("%", score);
  };
  doc.addEventListener("change", (e) => {
    const form = e.target.form;
    if (!form || !form.dataset.says) return;
    const radio = e.target.matches(".pick select") && e.target.closest(".pick").querySelector("input[type=radio]");
    if (radio) radio.checked = true;
    said(form);
  });
  const speak = () => doc.querySelectorAll("form[data-says]").forEach(said);
  doc.addEventListener("htmx:afterSettle", speak);
  speak();

  // The running total of a sheet: <form data-total>, radio buttons with data-mark (tenths); told in [data-sum]
  const total = (form) => {
    const radios = [...form.querySelectorAll("[data-mark]")], given = radios.filter((el) => el.checked);
    const open = new Set(radios.map((el) => el.name)).size - given.length;
    const sum = given.reduce((all, el) => all + Number(el.dataset.mark), 0) / 10;
    const words = doc.querySelector("[data-sum]");
    if (words && given.length) words.textContent = `现在 ${sum} 分${open ? `，还有 ${open} 项没打` : "，都打了"}`;
  };
  doc.addEventListener("change", (e) => { if (e.target.form && "total" in e.target.form.dataset) total(e.target.form); });
  const totals = () => doc.querySelectorAll("form[data-total]").forEach(total);
  totals();

  // Scanner in the page: <button data-scan hidden>
  if (!(window.isSecureContext && navigator.mediaDevices && navigator.mediaDevices.getUserMedia)) return;
  const buttons = doc.querySelectorAll("[data-scan]");
  buttons.forEach((button) => { button.hidden = false; });

  const load = () => new Promise((done, fail) => {
    if (window.jsQR) { done(); return; }
    const script = doc.createElement("script");
    script.src = jsqr;
    script.onload = done;
    script.onerror = fail;
    doc.head.append(script);
  });

  // Only our own plates: same origin, /q/…; upper case as printed
  const ours = (text) => {
    try {
      const url = new URL(text.trim());
      const path = url.pathname.toLowerCase();
      return url.origin === location.origin && path.startsWith("/q/") ? url.pathname.replace(/^\/q\//i, "/q/") : "";
    } catch (e) { return ""; }
  };

  const panel = () => {
    const box = doc.createElement("div"), video = doc.createElement("video"), words = doc.createElement("p"), stop = doc.createElement("button");
    box.className = "scanner";
    box.setAttribute("role", "dialog");
    box.setAttribute("aria-label", "扫码");
    video.playsInline = true;
    video.muted = true;
    words.textContent = "把门牌码放到画面中间";
    words.setAttribute("role", "status");
    stop.className = "btn";
    stop.type = "button";
    stop.textContent = "不扫了";
    box.append(video, words, stop);
    doc.body.append(box);
    stop.focus();
    return { box, video, words, stop };
  };

  const scan = async () => {
    const { box, video, words, stop } = panel();
    let stream = null, open = true;
    const close = () => {
      open = false;
      if (stream) stream.getTracks().forEach((track) => track.stop());
      box.remove();
    };
    stop.addEventListener("click", close);
    box.addEventListener("keydown", (e) => { if (e.key === "Escape") close(); });
    const look = () => {
      if (!open) return;
      setTimeout(look, 150);
      if (!video.videoWidth) return;
      const scale = Math.min(1, 800 / video.videoWidth);
      const canvas = draw(video, Math.round(video.videoWidth * scale), Math.round(video.videoHeight * scale));
      const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const found = window.jsQR(image.data, image.width, image.height);
      if (!found || !found.data) return;
      const path = ours(found.data);
      if (path) { close(); location.assign(path); }
      else words.textContent = "这不是本社区的门牌码，请换一个扫";
    };
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      if (!open) { close(); return; }
      await load();
      video.srcObject = stream;
      await video.play();
      look();
    } catch (e) {
      words.textContent = "打不开相机。请用微信或手机自带的扫一扫，或输入门牌编号。";
    }
  };
  buttons.forEach((button) => button.addEventListener("click", scan));
})();
