"use strict";
// Shows one mail. Used by the report and by the local page.

/** An element with attributes, and children that are elements or plain text, never markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

function sayMoment(iso, { year = "numeric" } = {}) {
  const format = { day: "numeric", month: "short", year, hour: "2-digit", minute: "2-digit", timeZone: "UTC" };
  return new Date(iso).toLocaleString("en-GB", format);
}

function sayDay(iso) {
  const format = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
  return new Date(iso).toLocaleDateString("en-GB", format);
}

function sayWords(name) {
  return name.replace(/[_-]/g, " ");
}

/** Mails link to pictures on the web; these pages never load anything, so a tile stands where each would be. */
function pictureTile(text, width, height) {
  const hue = [...text].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);
  const initials = text.split(/\s+/).filter((word) => /^\p{L}/u.test(word)).slice(0, 2).map((word) => [...word][0]);
  const size = Math.min(width, height);
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">` +
    `<defs><linearGradient id="g" x2="1" y2="1"><stop stop-color="hsl(${hue} 32% 86%)"/>` +
    `<stop offset="1" stop-color="hsl(${hue + 30} 30% 74%)"/></linearGradient></defs>` +
    `<rect width="100%" height="100%" fill="url(#g)"/>` +
    `<text x="50%" y="50%" dy=".35em" text-anchor="middle" font-family="Georgia, serif" font-size="${size * 0.34}"` +
    ` fill="hsl(${hue} 30% 34%)">${initials.join("")}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/** The mail as a document of its own: no script, nothing from the network, links that lead nowhere. */
function mailDocument(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const image of page.querySelectorAll("img")) {
    const side = (name) => Number.parseInt(image.getAttribute(name) ?? "", 10) || 160;
    if (!/^data:/i.test(image.getAttribute("src") ?? "")) {
      image.setAttribute("src", pictureTile(image.getAttribute("alt") ?? "", side("width"), side("height")));
    }
    image.removeAttribute("srcset");
  }
  for (const link of page.querySelectorAll("a[href]")) link.title = link.getAttribute("href");
  page.head.prepend(
    make("meta", {
      "http-equiv": "Content-Security-Policy",
      content: "default-src 'none'; img-src data:; style-src 'unsafe-inline'",
    }),
    make("base", { target: "_blank" }),
  );
  return `<!doctype html>${page.documentElement.outerHTML}`;
}

/** Fills the pane with a mail: {subject, facts: [[term, text]], html, text, headers: [[name, value]]},
 *  or, where there is no body to show, {subject, facts, note: element or text}. */
function showMail(pane, mail) {
  const views = {
    Mail: () => make("iframe", { sandbox: "", title: `The mail “${mail.subject}”`, srcdoc: mailDocument(mail.html) }),
    Text: () => make("pre", { tabindex: "0" }, mail.text),
    Headers: () =>
      make("dl", { class: "headers", tabindex: "0" },
        mail.headers.map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])),
  };
  const body = make("div", { class: "body", role: "tabpanel", "aria-label": "The mail" });
  const tabs = Object.keys(views).map((name) =>
    make("button", { type: "button", role: "tab", "aria-selected": "false", onclick: () => choose(name) }, name));

  function choose(name) {
    for (const tab of tabs) tab.setAttribute("aria-selected", String(tab.textContent === name));
    body.replaceChildren(views[name]());
  }

  function goToList() {
    pane.closest(".inbox")?.scrollIntoView();
  }

  pane.replaceChildren(
    make("header", {},
      make("button", { type: "button", class: "control to-list", onclick: goToList }, "↑ Back to the list"),
      make("h3", {}, mail.subject),
      make("dl", { class: "facts" },
        mail.facts.map(([term, text]) => make("div", {}, make("dt", {}, term), make("dd", {}, text))))),
    ...(mail.note
      ? [make("div", { class: "blank" }, mail.note)]
      : [make("div", { class: "tabs", role: "tablist", "aria-label": "Views of the mail" }, tabs), body]),
  );
  if (!mail.note) choose("Mail");
  pane.scrollTop = 0;
}

function readNothing(pane, text) {
  pane.replaceChildren(make("p", { class: "blank" }, text));
}
