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
  const { journey: journeys, step: steps } = filters.elements;
  const opened = new Map();
  let matching = [];
  let reading = null;

  async function read(mail) {
    reading = mail;
    const pack = packs[mail.send_id];
    if (pack !== undefined && !opened.has(pack)) opened.set(pack, unpack(`mails-${pack}`));
    const body = pack === undefined ? { note: absence(mail) } : (await opened.get(pack))[mail.send_id];
    if (reading === mail) showMail(pane, mail, body);
  }

  function absence(mail) {
    if (!isSent(mail)) return `This mail was not sent: ${whyNotSent(mail)}.`;
    const file = `emails/${mail.send_id}.eml`;
    return make("p", {},
      "The page carries a sample of the mails, and this one is not in it. It lies beside the page: ",
      make("a", { href: file }, file));
  }

  function showMore() {
    const shown = list.querySelectorAll(".mail-line").length;
    const left = matching.length - shown - page;
    list.querySelector(".more")?.parentElement.remove();
    list.append(...matching.slice(shown, shown + page).map((mail) => mailLine(mail, read)));
    if (left > 0) {
      const more = make("button", { type: "button", class: "control more", onclick: showMore }, `${left} more`);
      list.append(make("li", {}, more));
    }
  }

  function filter() {
    const { journey, step, outcome, search } = Object.fromEntries(new FormData(filters));
    const words = search.trim().toLowerCase();
    const holdsWords = (text) => text?.toLowerCase().includes(words);
    matching = mails.filter((mail) =>
      (!journey || mail.journey === journey) &&
      (!step || `${mail.journey}/${mail.step}` === step) &&
      (!outcome || [mail.outcome, mail.reason].includes(outcome)) &&
      (!words || [mail.profile_id, mail.email, mail.subject, mail.send_id].some(holdsWords)));
    found.textContent =
      `${matching.length.toLocaleString("en")} of ${mails.length.toLocaleString("en")} intended mails`;
    list.replaceChildren();
    list.scrollTop = 0;
    showMore();
  }

  /** Only the steps of the chosen journey can be chosen. */
  function fitSteps() {
    for (const option of steps.options) {
      option.hidden = Boolean(journeys.value && option.value && !option.value.startsWith(`${journeys.value}/`));
    }
    if (steps.selectedOptions[0].hidden) steps.value = "";
  }

  filters.addEventListener("input", () => {
    fitSteps();
    filter();
  });
  filters.addEventListener("submit", (event) => event.preventDefault());
  filter();
  openFirst(list);
}

if (document.getElementById("mails-index")) openMails();
