// Passkeys. The server says what to ask for and checks the answer; this carries both between it and the browser.
//
// A form of class `passkey` has data-start (where to ask what to ask for), data-do (`create` or `get`) and two hidden
// fields, `started` and `answer`. It is sent as any form once the browser has its answer.
"use strict";

(() => {
  const forms = document.querySelectorAll("form.passkey");
  const able =
    window.PublicKeyCredential !== undefined &&
    typeof PublicKeyCredential.parseCreationOptionsFromJSON === "function";

  async function ask(form) {
    const started = await fetch(form.dataset.start, {
      method: "POST",
      headers: { Accept: "application/json" },
      credentials: "same-origin",
    });
    if (!started.ok) {
      throw new Error(String(started.status));
    }
    const { token, options } = await started.json();
    const credential =
      form.dataset.do === "create"
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    form.elements.started.value = token;
    form.elements.answer.value = JSON.stringify(credential.toJSON());
    form.submit();
  }

  for (const form of forms) {
    const button = form.querySelector("button");
    const failed = form.querySelector(".wrong");
    if (!able) {
      button.disabled = true;
      continue;
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      failed.hidden = true;
      button.disabled = true;
      ask(form).catch(() => {
        failed.hidden = false;
        button.disabled = false;
      });
    });
  }
})();
