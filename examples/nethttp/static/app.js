"use strict";
// Times come in UTC from the server and are shown in the reader's zone.
const timeFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
for (const el of document.querySelectorAll("time[datetime]")) {
  el.textContent = timeFormat.format(new Date(el.dateTime));
}
// The form's time is the streamer's local one: tell the server the zone at it.
for (const field of document.querySelectorAll("[data-utc-offset]")) {
  field.form.addEventListener("submit", () => {
    const at = new Date(field.form.elements.reservedAt.value);
    field.value = String(-(isNaN(at) ? new Date() : at).getTimezoneOffset());
  });
}
for (const button of document.querySelectorAll("[data-reveal]")) {
  const key = button.parentElement.querySelector("[data-key]");
  button.hidden = false;
  button.addEventListener("click", () => {
    const hide = key.type === "text";
    key.type = hide ? "password" : "text";
    button.textContent = hide ? "Show" : "Hide";
  });
}
