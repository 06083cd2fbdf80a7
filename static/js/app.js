// Every surface: tokens for htmx, double taps, lost network, printing, keys. On a kiosk also scanner, number pad and idle time.
// ES2017, nothing needed but htmx. Every page works without it.
const start = () => {
  "use strict";
  const doc = document, body = doc.body, data = body.dataset;
  const find = (s, root) => (root || doc).querySelector(s);
  const all = (s, root) => Array.from((root || doc).querySelectorAll(s));
  const token = () => {
    const meta = find('meta[name="csrf-token"]'), field = find('input[name="csrf_token"]');
    return meta ? meta.content : field ? field.value : "";
  };

  // htmx: the token goes with everything that is not a GET
  doc.addEventListener("htmx:configRequest", (e) => {
    if (e.detail.verb !== "get") e.detail.headers["X-CSRFToken"] = token();
  });

  // A page out of the Back button's store may show the last resident: load it anew
  addEventListener("pageshow", (e) => { if (e.persisted) location.reload(); });

  // Lost network: a bar, nothing can be sent, and /healthz is asked until it answers
  let down = false, lastContact = Date.now();
  const ask = async () => {
    const stop = new AbortController(), timer = setTimeout(() => stop.abort(), 4000);
    try {
      const answer = await fetch(data.healthz, { cache: "no-store", signal: stop.signal });
      if (answer.ok) lastContact = Date.now();
      return answer.ok;
    } catch (e) { return false; } finally { clearTimeout(timer); }
  };
  const network = (lost) => {
    if (lost === down) return;
    down = lost;
    find("#network").hidden = !lost;
    body.classList.toggle("down", lost);
    all("button, input, select, textarea").forEach((el) => {
      if (lost && !el.disabled && el.type !== "hidden") { el.disabled = true; el.dataset.wasOn = ""; }
      else if (!lost && "wasOn" in el.dataset) { el.disabled = false; delete el.dataset.wasOn; }
    });
    if (lost) watch();
  };
  const watch = () => setTimeout(async () => { if (await ask()) network(false); else watch(); }, 5000);
  const check = async () => { const ok = await ask(); network(!ok); return ok; };
  if (data.healthz && find("#network")) {
    addEventListener("offline", check);
    addEventListener("online", check);
    doc.addEventListener("htmx:sendError", check);
    doc.addEventListener("htmx:timeout", check);
    if (!navigator.onLine) check();
  }

  // While the network is away nothing leaves. A kiosk has no way back from the browser's own error page, so it asks
  // first when it has not heard from the server for ten seconds.
  const quiet = () => "strict" in data && Date.now() - lastContact > 10000;
  const block = (e) => { e.preventDefault(); e.stopImmediatePropagation(); };
  doc.addEventListener("click", async (e) => {
    const link = e.target.closest("a[href]");
    if (!link || (!down && !quiet())) return;
    block(e);
    if (!down && await check()) link.click();
  }, true);
  doc.addEventListener("submit", async (e) => {
    const form = e.target;
    if (form.method === "dialog" || (!down && !quiet())) return;
    const by = e.submitter;
    block(e);
    if (!down && await check()) form.requestSubmit(by);
  }, true);

  // One tap, one request. Five seconds later the button works again: a download leaves the page standing.
  doc.addEventListener("submit", (e) => {
    const form = e.target, by = e.submitter;
    if (e.defaultPrevented) return;
    if (form.dataset.sent) { e.preventDefault(); return; }
    form.dataset.sent = "1";
    if (by) by.classList.add("sending");
    setTimeout(() => { delete form.dataset.sent; if (by) by.classList.remove("sending"); }, 5000);
  });

  // Printing: the slip's real height becomes the paper's
  const printNow = () => {
    const slip = find(".slip-80, .slip-58"), sheet = find("link[rel=stylesheet]");
    if (slip && sheet && sheet.sheet) {
      const wide = slip.classList.contains("slip-80") ? 80 : 58;
      slip.classList.add("on-paper");
      delete slip.dataset.high; // measured is better than counted
      const high = Math.max(60, Math.ceil(slip.offsetHeight / 96 * 25.4) + 12);
      slip.classList.remove("on-paper");
      sheet.sheet.insertRule(`@page slip${wide}{size:${wide}mm ${high}mm;margin:3mm ${wide === 80 ? 4 : 5}mm}`, sheet.sheet.cssRules.length);
    }
    print();
  };
  doc.addEventListener("click", (e) => { if (e.target.closest("[data-print]")) printNow(); });
  if ("printNow" in data) { if (doc.readyState === "complete") printNow(); else addEventListener("load", printNow); }

  // Office keys: / searches, Esc leaves the search, a box in the head of a list ticks all
  doc.addEventListener("keydown", (e) => {
    const search = find("[data-search]"), typing = /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName);
    if (e.key === "/" && !typing && search) { e.preventDefault(); search.focus(); search.select(); }
    if (e.key === "Escape") {
      if (e.target === search) search.blur();
      all("details[open].menu").forEach((menu) => { menu.open = false; });
    }
  });
  doc.addEventListener("change", (e) => {
    if (!e.target.matches("[data-all]")) return;
    all(`input[name="${e.target.dataset.all}"]`).forEach((box) => { if (!box.disabled) box.checked = e.target.checked; });
  });

  // Clock
  const clock = find("[data-clock]");
  if (clock) {
    const tell = () => {
      // the community's wall clock (UTC+8), whatever the machine's zone
      const now = new Date(Date.now() + (new Date().getTimezoneOffset() + 480) * 60000), two = (n) => String(n).padStart(2, "0");
      clock.textContent = `${now.getMonth() + 1}月${now.getDate()}日 星期${"日一二三四五六"[now.getDay()]} ${two(now.getHours())}:${two(now.getMinutes())}`;
    };
    tell();
    setInterval(tell, 5000);
  }

  // A long kiosk page scrolls by keyboard too
  const main = find("#main");
  if ("strict" in data && main.scrollHeight > main.clientHeight) main.tabIndex = 0;

  // Number pad
  doc.addEventListener("click", (e) => {
    const key = e.target.closest("[data-key]");
    if (!key) return;
    const field = doc.getElementById(key.closest("[data-pad]").dataset.pad), what = key.dataset.key;
    if (what === "back") field.value = field.value.slice(0, -1);
    else if (what === "clear") field.value = "";
    else if (field.maxLength < 0 || field.value.length < field.maxLength) field.value += what;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // Scanner: types like a keyboard, far faster than a hand, and ends with Enter. The time is that of the key, not of this
  // page: what a hand types while a weak machine is busy comes in a heap, and is no scan
  const scanForm = find("[data-scan-form]");
  if (scanForm) {
    let code = "", last = 0, before = null, sent = "", sentAt = 0;
    doc.addEventListener("keydown", (e) => {
      const now = e.timeStamp, field = e.target.matches("input") ? e.target : null;
      if (now - last > 50) { code = ""; before = field && field.value; }
      last = now;
      if (e.key.length === 1) { code += e.key; return; }
      if (e.key !== "Enter" || code.length < 6) return;
      e.preventDefault();
      e.stopImmediatePropagation();
      if (field && before !== null) field.value = before;
      if (code === sent && now - sentAt < 2000) return;
      sent = code; sentAt = now;
      find("[data-scan-input]", scanForm).value = code;
      code = "";
      scanForm.requestSubmit();
    }, true);
  }

  // Idle: 60 s without a touch -> 还在吗？ -> 30 s -> the visit ends on the server and home is shown
  if (data.idle) {
    const box = find("#idle"), left = find("[data-idle-left]"), grace = find("[data-grace-left]");
    const rest = Number(data.idle), last = Number(data.idleGrace);
    let touched = Date.now(), over = false;
    const keep = async () => {
      if (!data.keepaliveUrl) return;
      const sent = new URLSearchParams({ csrf_token: token() });
      try {
        const answer = await fetch(data.keepaliveUrl, { method: "POST", body: sent, headers: { "X-CSRFToken": token() } });
        lastContact = Date.now();
        if (answer.status === 401) location.replace(data.idleUrl);
      } catch (e) { check(); }
    };
    const touch = () => {
      if (box.open || over) return;
      touched = Date.now();
      if (touched - lastContact > 20000) { lastContact = touched; keep(); }
    };
    ["pointerdown", "keydown", "scroll"].forEach((kind) => addEventListener(kind, touch, { capture: true, passive: true }));
    find("[data-stay]").addEventListener("click", () => { box.close(); touched = Date.now(); keep(); });
    box.addEventListener("cancel", (e) => { e.preventDefault(); find("[data-stay]").click(); });
    const end = async () => {
      over = true;
      find("#main").remove(); // nothing of the resident stays, even with the network away
      find(".bar-names").remove();
      box.close();
      if (!await ask()) { network(true); setTimeout(end2, 3000); return; }
      find("#leave").submit();
    };
    const end2 = async () => { if (await ask()) find("#leave").submit(); else setTimeout(end2, 3000); };
    const tick = () => {
      if (over) return;
      const gone = (Date.now() - touched) / 1000;
      if (left) left.textContent = `${Math.max(0, Math.ceil(rest - gone))} 秒后自动退出`;
      grace.textContent = Math.max(0, Math.ceil(rest + last - gone));
      if (gone >= rest && !box.open) box.showModal();
      if (gone >= rest + last) end();
    };
    tick();
    setInterval(tick, 250);
  }

  doc.documentElement.dataset.started = "";
};

// All of it waits for the first paint: nobody touches what is not shown yet, and a weak kiosk shows it sooner
if ((PerformanceObserver.supportedEntryTypes || []).includes("paint")) {
  new PerformanceObserver((seen, watch) => { watch.disconnect(); start(); }).observe({ type: "paint", buffered: true });
} else {
  start();
}
