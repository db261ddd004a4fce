// One look: fetched once, drawn on a canvas, wiped when it ends. Nothing of it stays in the page, the cache or history.
"use strict";

(() => {
  const look = document.getElementById("look");
  const [open, close, failed, over, canvas] = ["open", "close", "failed", "over", "canvas"].map((name) =>
    document.getElementById(`look-${name}`),
  );
  let token = look.dataset.token;
  let shown = null;
  let ended = false;
  look.removeAttribute("data-token");

  const wipe = () => {
    canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
    canvas.width = canvas.height = 1;
    canvas.hidden = true;
  };

  const end = () => {
    ended = true;
    token = null;
    wipe();
    open.hidden = true;
    close.hidden = true;
    over.hidden = false;
    if (!shown) return;
    const { id, since, timer } = shown;
    shown = null;
    clearTimeout(timer);
    navigator.sendBeacon(`/looks/${id}/end`, ((performance.now() - since) / 1000).toFixed(1));
  };

  const show = async () => {
    if (!token) return;
    const spent = token;
    token = null;
    open.disabled = true;
    const answer = await fetch("/looks/open", {
      method: "POST",
      headers: { Accept: "application/json", "Content-Type": "application/json" },
      credentials: "same-origin",
      cache: "no-store",
      body: JSON.stringify({ token: spent }),
    });
    if (!answer.ok) {
      const told = await answer.json().catch(() => null);
      failed.textContent = `${look.dataset.failed} ${told?.error?.code ?? answer.status}`;
      failed.hidden = false;
      return;
    }
    const longest = Number(answer.headers.get("X-Longest-Seconds"));
    const id = answer.headers.get("X-Look");
    const since = performance.now();
    const picture = await createImageBitmap(new Blob([await answer.arrayBuffer()], { type: "image/jpeg" }));
    shown = { id, since, timer: setTimeout(end, longest * 1000) };
    if (ended || document.hidden) {
      picture.close();
      end();
      return;
    }
    canvas.width = picture.width;
    canvas.height = picture.height;
    canvas.getContext("2d").drawImage(picture, 0, 0);
    picture.close();
    canvas.hidden = false;
    open.hidden = true;
    close.hidden = false;
  };

  open.addEventListener("click", () => {
    show().catch((error) => {
      failed.textContent = `${look.dataset.failed} ${error.name}`;
      failed.hidden = false;
      end();
    });
  });
  close.addEventListener("click", end);
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") end();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) end();
  });
  for (const leaving of ["pagehide", "blur", "beforeprint", "freeze"]) window.addEventListener(leaving, end);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();
