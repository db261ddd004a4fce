// Everything that a mouse can do, by keyboard. Elements say their own key: data-key="d" is pressed by d, data-go="q" by g q.
"use strict";

(() => {
  const SWITCH = "triage-single-keys";
  let going = false;

  // Single letters can be switched off (WCAG 2.1.4): whoever dictates, or trembles, presses many by chance.
  const on = () => localStorage.getItem(SWITCH) !== "off";
  const single = document.getElementById("single-keys");
  if (single) {
    single.checked = on();
    single.addEventListener("change", () => localStorage.setItem(SWITCH, single.checked ? "on" : "off"));
  }

  const typing = (target) =>
    target instanceof HTMLElement &&
    (["TEXTAREA", "SELECT"].includes(target.tagName) ||
      (target.tagName === "INPUT" && !["radio", "checkbox", "button"].includes(target.type)));

  const lines = () => [...document.querySelectorAll("[data-line]")];

  const move = (step) => {
    const all = lines();
    if (!all.length) return;
    const at = all.indexOf(document.activeElement.closest?.("[data-line]"));
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step));
    all[next].focus();
    all[next].scrollIntoView({ block: "nearest" });
  };

  const press = (element) => {
    if (!element || element.disabled) return;
    if (typing(element)) element.focus();
    else element.click();
  };

  document.getElementById("show-keys")?.addEventListener("click", () => document.getElementById("keys").showModal());

  document.addEventListener("click", (event) => {
    const wanted = event.target.closest?.("[data-mark]");
    if (!wanted) return;
    const boxes = [...document.querySelectorAll("input[type=checkbox][name=item]")];
    const all = boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = !all;
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return; // what it covers is not acted upon
    if (!on() && event.key !== "Enter") return;
    const line = document.activeElement.closest?.("[data-line]");
    if (going) {
      going = false;
      const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
      const area = { q: "/queue", s: "/submissions", e: "/exposure", w: "/work" }[event.key];
      if (link) link.click();
      else if (area) location.assign(area);
    } else if (event.key === "g") going = true;
    else if (event.key === "?") document.getElementById("keys").showModal();
    else if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "Enter" && line === event.target) line.querySelector("a")?.click();
    else if (event.key === "x" && line) line.querySelector("input[type=checkbox]")?.click();
    else {
      const wanted = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
      if (!wanted) return;
      press(wanted);
    }
    event.preventDefault();
  });
})();
