// Rows of a folder that is longer than a page: what comes behind the last one comes when it is seen. A browser bears some
// thousand rows well and a hundred thousand badly, so what is far from the window gives its place to one row of the same
// height, and is fetched again when somebody comes back.
import { $, ask, put } from './page.js';

const most = 3000; // rows at a time
let seen = null, coming = false;

const chunks = () => [...document.querySelectorAll('.files tbody.rows')];
const rowsOf = chunk => chunk.querySelectorAll('tr:not(.space)').length;
const wide = () => [...$('.files').tHead.rows[0].cells].filter(c => c.offsetWidth).length; // a hidden one would take room

// fetched are the rows of an address, and where it goes on.
async function fetched(url) {
  const answer = await ask(url, 'rows');
  const html = await answer?.text().catch(() => null);
  if (!html) return null;
  const all = document.createElement('div');
  put(all, html);
  return { rows: [...all.querySelectorAll('.files tbody.rows tr')], more: $('a[rel=more]', all)?.closest('p') };
}

// far is how many windows an element is away.
function far(chunk) {
  const r = chunk.getBoundingClientRect();
  return Math.max(r.top - innerHeight, -r.bottom, 0) / innerHeight;
}

// thin takes away rows while there are too many, the farthest first.
function thin() {
  const all = chunks().filter(rowsOf);
  let rows = all.reduce((n, c) => n + rowsOf(c), 0);
  for (const chunk of all.sort((a, b) => far(b) - far(a))) {
    if (rows <= most || far(chunk) < 1) return;
    rows -= rowsOf(chunk);
    const space = document.createElement('tr'), cell = document.createElement('td');
    space.className = 'space';
    cell.colSpan = wide();
    cell.style.height = chunk.getBoundingClientRect().height + 'px';
    space.append(cell);
    chunk.replaceChildren(space);
  }
}

// fill brings back what was taken away.
async function fill(chunk) {
  const got = await fetched(chunk.dataset.url);
  if (!got || !chunk.isConnected) return;
  chunk.replaceChildren(...got.rows);
  changed();
}

// next brings what is behind the last row.
async function next(link) {
  const got = await fetched(link.href);
  if (!got || !link.isConnected) return;
  const chunk = document.createElement('tbody');
  chunk.className = 'rows';
  chunk.dataset.url = link.href;
  chunk.append(...got.rows);
  chunks().at(-1).after(chunk);
  got.more ? link.closest('p').replaceWith(got.more) : link.closest('p').remove();
  const sum = $('#loaded');
  if (sum) sum.textContent = ` ${chunks().length * 500} so far`;
  changed();
}

function changed() {
  thin();
  document.dispatchEvent(new Event('rows'));
  watch();
}

// watch looks at what is near the window.
function watch() {
  seen?.disconnect();
  seen = new IntersectionObserver(async entries => {
    if (coming) return;
    const near = entries.filter(e => e.isIntersecting).map(e => e.target);
    const gone = near.find(e => e.matches('tbody') && !rowsOf(e)), link = near.find(e => e.matches('a'));
    if (!gone && !link) return;
    coming = true;
    await (gone ? fill(gone) : next(link)).finally(() => { coming = false; });
    watch();
  }, { rootMargin: '800px' });
  const link = $('a[rel=more]');
  if (link) seen.observe(link);
  for (const chunk of chunks()) if (!rowsOf(chunk)) seen.observe(chunk);
}

export function begin() {
  const first = () => {
    const chunk = chunks()[0];
    if (!chunk || !$('a[rel=more]')) { seen?.disconnect(); return; }
    chunk.dataset.url = location.href;
    watch();
  };
  document.addEventListener('listing', first);
  first();
}
