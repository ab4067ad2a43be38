const within = (id) => JSON.parse(document.getElementById(id).textContent);

/** Reading a chart by pointer or by arrow keys: the column is marked, its figures are told below. */
for (const figure of document.querySelectorAll("figure[data-series]")) {
  const { labels, series } = within(figure.dataset.series);
  const plot = figure.querySelector(".plot");
  const readout = figure.querySelector(".readout");
  const atRest = readout.textContent;
  const cursor = make("div", { class: "cursor", hidden: true });
  let column = labels.length - 1;
  plot.append(cursor);

  function tell(next) {
    column = Math.min(labels.length - 1, Math.max(0, next));
    cursor.hidden = false;
    cursor.style.left = `${((column + 0.5) / labels.length) * 100}%`;
    const figures = series.map(({ name, values }) => (name ? `${sayWords(name)} ${values[column]}` : values[column]));
    readout.textContent = `${labels[column]}: ${figures.join(" · ")}`;
  }

  function rest() {
    cursor.hidden = true;
    readout.textContent = atRest;
  }

  plot.addEventListener("pointermove", (event) => {
    const box = plot.getBoundingClientRect();
    tell(Math.floor(((event.clientX - box.left) / box.width) * labels.length));
  });
  plot.addEventListener("pointerleave", rest);
  plot.addEventListener("blur", rest);
  plot.addEventListener("focus", () => tell(column));
  plot.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -7, PageDown: 7 }[event.key];
    if (!step) return;
    event.preventDefault();
    tell(column + step);
  });
}

async function unpack(id) {
  const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (letter) => letter.charCodeAt(0));
  const text = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(text).json();
}

async function openMails() {
  const page = 100;
  const { packs, mails } = await unpack("mails-index");
  const list = document.getElementById("mail-list");
  const pane = document.getElementById("mail-pane");
  const found = document.getElementById("mail-found");
  const filters = document.getElementById("mail-filters");
  const opened = new Map();
  let matching = [];
  let current = null;

  function bodyOf(mail) {
    const pack = packs[mail.send_id];
    if (pack === undefined) return null;
    if (!opened.has(pack)) opened.set(pack, unpack(`mails-${pack}`));
    return opened.get(pack).then((bodies) => bodies[mail.send_id]);
  }

  async function read(mail, line) {
    current?.removeAttribute("aria-current");
    current = line;
    line.setAttribute("aria-current", "true");
    const body = await bodyOf(mail);
    showMail(pane, { subject: mail.subject ?? sayWords(mail.template ?? mail.step), facts: facts(mail), ...(body ?? { note: absence(mail) }) });
    if (matchMedia("(max-width: 760px)").matches) pane.scrollIntoView();
  }

  function facts(mail) {
    return [
      ["To", mail.email ?? "nobody"],
      ["At", `${sayMoment(mail.at)} UTC`],
      ["Journey", `${sayWords(mail.journey)}, ${sayWords(mail.step)}`],
      ["Outcome", mail.reason ? `${mail.outcome}: ${sayWords(mail.reason)}` : mail.outcome],
      ["Profile", make("code", {}, mail.profile_id)],
    ];
  }

  function absence(mail) {
    if (mail.outcome !== "sent") return `This mail was not sent: ${sayWords(mail.reason ?? mail.outcome)}.`;
    const file = `emails/${mail.send_id}.eml`;
    return make("p", {}, "The page carries a sample of the mails, and this one is not in it. It lies beside the page: ",
      make("a", { href: file }, file));
  }

  function line(mail) {
    const sent = mail.outcome === "sent";
    const button = make("button", { type: "button", class: sent ? "mail-line" : "mail-line is-withheld", onclick: () => read(mail, button) },
      make("b", {}, mail.subject ?? sayWords(mail.template ?? mail.step)),
      make("span", { class: "meta" },
        make("span", {}, mail.email ?? mail.profile_id),
        make("span", {}, sayMoment(mail.at)),
        sent ? null : make("span", { class: "chip" }, sayWords(mail.reason ?? mail.outcome))));
    return make("li", {}, button);
  }

  function showMore() {
    const shown = list.querySelectorAll(".mail-line").length;
    list.querySelector(".more")?.parentElement.remove();
    list.append(...matching.slice(shown, shown + page).map(line));
    const left = matching.length - shown - page;
    if (left > 0) {
      list.append(make("li", {}, make("button", { type: "button", class: "control more", onclick: showMore }, `${left} more`)));
    }
  }

  function filter() {
    const { journey, step, outcome, search } = Object.fromEntries(new FormData(filters));
    const words = search.trim().toLowerCase();
    matching = mails.filter((mail) =>
      (!journey || mail.journey === journey) &&
      (!step || `${mail.journey}/${mail.step}` === step) &&
      (!outcome || mail.outcome === outcome || mail.reason === outcome) &&
      (!words || [mail.profile_id, mail.email, mail.subject, mail.send_id].some((text) => text?.toLowerCase().includes(words))));
    found.textContent = `${matching.length.toLocaleString("en")} of ${mails.length.toLocaleString("en")} intended mails`;
    list.replaceChildren();
    list.scrollTop = 0;
    showMore();
  }

  filters.addEventListener("input", filter);
  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.elements.journey.addEventListener("change", () => {
    const journey = filters.elements.journey.value;
    for (const option of filters.elements.step.options) {
      option.hidden = Boolean(journey && option.value && !option.value.startsWith(`${journey}/`));
    }
    if (filters.elements.step.selectedOptions[0].hidden) filters.elements.step.value = "";
    filter();
  });
  filter();
  list.querySelector(".mail-line") && matchMedia("(min-width: 761px)").matches && list.querySelector(".mail-line").click();
}

if (document.getElementById("mails-index")) openMails();
