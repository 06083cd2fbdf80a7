/* The wall screen turns its pages in place, for weeks: one request at a time, one timer, nothing kept of the page before.
   No network: the page stays, a corner says since when, and it asks again, ever more rarely. After a day, or when the
   software was renewed, the whole document is loaded anew, right after the server has answered.
   Old televisions run this: XMLHttpRequest, and nothing younger than 2015. The right arrow key turns at once. */
(() => {
"use strict";
const FIRST_RETRY = 5, LONGEST_RETRY = 120, PATIENCE = 15, MOST_TURNS = 10000; // seconds; turns
const wall = document.getElementById("board"), lost = document.getElementById("lost");
let timer = 0, asking = null, turns = 0, failed = 0, day = "", clock = "";

const shown = () => wall.querySelector("[data-next]");

function wait(seconds) {
  clearTimeout(timer);
  timer = setTimeout(turn, seconds * 1000);
}

function note() {
  const time = wall.querySelector("[data-clock]");
  if (time) clock = time.textContent;
  document.documentElement.dataset.turns = turns;
}

function turn() {
  if (asking) return;
  clearTimeout(timer);
  asking = new XMLHttpRequest();
  asking.open("GET", shown().dataset.next);
  asking.setRequestHeader("HX-Request", "true");
  asking.timeout = PATIENCE * 1000;
  asking.onload = event => answered(event.target);
  asking.onerror = asking.ontimeout = asking.onabort = fail;
  asking.send();
}

function answered(answer) {
  // the server itself says that this wall is out of use, or unknown: its page says so and goes on asking
  if ((answer.status === 404 || answer.status === 410) && answer.responseText.indexOf("flash error") > 0) {
    asking = null;
    return day ? location.reload() : back();
  }
  // a stranger's answer (a network that wants a sign-in) has no next page
  if (answer.status !== 200 || answer.responseText.indexOf("data-next=") < 0) return fail();
  asking = null;
  wall.innerHTML = answer.responseText;
  turns += 1;
  back();
  const now = shown().dataset;
  if (day === "") day = now.day;
  if (now.day !== day || now.version !== wall.dataset.version || turns >= MOST_TURNS) location.replace(now.here);
}

function back() {
  failed = 0;
  lost.hidden = true;
  document.body.classList.remove("is-lost");
  note();
  wait(Number(shown().dataset.seconds));
}

function fail() {
  asking = null;
  failed += 1;
  lost.querySelector("time").textContent = clock;
  lost.hidden = false;
  document.body.classList.add("is-lost");
  const pause = Math.min(FIRST_RETRY * Math.pow(2, failed - 1), LONGEST_RETRY);
  wait(pause * (1 + Math.random() / 4)); // not all walls of a county at once
}

addEventListener("online", turn);
addEventListener("keydown", event => { if (event.key === "ArrowRight") turn(); });
day = shown().dataset.day || "";
back();
document.documentElement.dataset.started = "";
})();
