// snap web: what a page does besides being read. Everything here is an addition: without it links and forms do.
import { $, said, swap } from './page.js';
import { begin as beginTime, travel } from './time.js';
import { begin as beginDiff } from './diff.js';
import { begin as beginSpace } from './space.js';
import { begin as beginKeep } from './keep.js';
import { begin as beginSelect, select } from './select.js';
import { begin as beginRows } from './rows.js';
import { begin as beginPreview, close as closePreview, open as previewing, show as preview } from './preview.js';
import { begin as beginJobs } from './jobs.js';
import { begin as beginAsk } from './ask.js';

const base = document.documentElement.dataset.base;

// Light or dark: at once, and in a cookie so that the next page comes so.
$('#theme')?.addEventListener('click', e => {
  e.preventDefault();
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
  document.cookie = `theme=${root.dataset.theme}; path=${base}; max-age=31536000; samesite=strict`;
});

// A part that takes longer than the page comes after it, in its place.
if ($('[data-part=disk]')) swap(location.href, 'disk', $('#disk'));

// Search while somebody types.
const find = $('.findbar');
if (find) {
  let wait = 0, last = '';
  const ask = () => {
    const q = new URLSearchParams(new FormData(find));
    for (const [k, v] of [...q]) if (!v) q.delete(k);
    const url = find.action + '?' + q;
    if (url === last) return;
    last = url;
    swap(url, 'results', $('#results')).then(ok => {
      if (ok) { history.replaceState(null, '', url); said($('#found')?.textContent ?? ''); }
    });
  };
  find.addEventListener('input', () => { clearTimeout(wait); wait = setTimeout(ask, 150); });
  find.addEventListener('submit', e => { e.preventDefault(); clearTimeout(wait); ask(); });
}

// The box at the top of each page shows the first hits while somebody types.
const box = $('.top .find input'), hits = $('#hits');
if (box && !find) {
  let wait = 0;
  const look = async () => {
    const q = box.value.trim();
    if (q.length < 2) { hits.hidden = true; return; }
    const url = box.form.action + '?' + new URLSearchParams({ q });
    if (await swap(url, 'hits', hits)) hits.hidden = box.value.trim() !== q;
  };
  box.addEventListener('input', () => { clearTimeout(wait); wait = setTimeout(look, 150); });
  box.form.addEventListener('submit', () => clearTimeout(wait));
  box.form.addEventListener('focusout', e => { if (!box.form.contains(e.relatedTarget)) hits.hidden = true; });
  box.addEventListener('focus', () => { if (hits.firstChild && box.value.trim().length > 1) hits.hidden = false; });
  box.form.addEventListener('keydown', e => {
    const all = [box, ...hits.querySelectorAll('a')], here = all.indexOf(document.activeElement);
    if (e.key === 'Escape') { hits.hidden = true; return; }
    if (hits.hidden || here < 0 || e.key !== 'ArrowDown' && e.key !== 'ArrowUp') return;
    e.preventDefault();
    e.stopPropagation();
    all[Math.min(Math.max(here + (e.key === 'ArrowDown' ? 1 : -1), 0), all.length - 1)].focus();
  });
}

// Pictures one over the other.
const over = () => { const i = $('.images.swipe figure:last-of-type img'); if (i) i.style.clipPath = `inset(0 0 0 ${$('#swipe').value}%)`; };
$('#swipe')?.addEventListener('input', over);
over();

beginTime();
beginDiff();
beginSpace();
beginKeep();
beginSelect();
beginRows();
beginPreview();
beginJobs();
beginAsk();

// Keys.
const keys = $('#keys');
const help = $('#help');
if (help) { help.hidden = false; help.addEventListener('click', () => keys.showModal()); }
let goes = false;
document.addEventListener('keydown', e => {
  if (e.target.matches('input:not([type=checkbox], [type=range]), textarea, select')) {
    if (e.key === 'Escape') e.target.blur();
    return;
  }
  if (e.ctrlKey || e.metaKey || e.altKey || $('dialog[open]')) return;
  const rows = [...document.querySelectorAll('.files tbody .name a:first-child, .lives li > a:first-child')];
  const here = rows.indexOf(document.activeElement);
  const follow = a => { if (a?.href) { e.preventDefault(); $('#slider') ? travel(a.href, true) : a.click(); } };
  const go = row => { row.focus(); if (previewing() && row !== rows[here]) preview(row); };
  const range = e.target.matches('[type=range]');
  if (goes) {
    goes = false;
    const to = /^[a-z]$/.test(e.key) && $(`.nav a[data-go=${e.key}]`);
    if (to) { e.preventDefault(); to.click(); return; }
  }
  switch (e.key) {
    case '/': e.preventDefault(); ($('#q') ?? $('.find input')).focus(); break;
    case '?': e.preventDefault(); keys.showModal(); break;
    case 'g': goes = true; break;
    case '[': version(1) ?? follow($('a[rel=prev]')); break;
    case ']': version(-1) ?? follow($('a[rel=next]')); break;
    case 'n': follow($('#newest')); break;
    case 'j': case 'ArrowDown':
      if (!range && rows.length) { e.preventDefault(); go(rows[Math.min(here + 1, rows.length - 1)]); }
      break;
    case 'k': case 'ArrowUp':
      if (!range && rows.length) { e.preventDefault(); go(rows[Math.max(here - 1, 0)]); }
      break;
    case ' ':
      if (here >= 0 && $('#preview')) { e.preventDefault(); preview(rows[here]).then(ok => { if (!ok) rows[here].click(); }); }
      break;
    case 'Escape': closePreview(); break;
    case 'u': { const up = document.querySelectorAll('.crumbs a'); up[up.length - 1]?.click(); break; }
    case 'x': case 'X': select(document.activeElement.closest('tr'), e.shiftKey); break;
    case 'd': $('#chosen')?.textContent > 0 ? $('#tray .button').click() : $('#download')?.click(); break;
    case 'r': ($('#chosen')?.textContent > 0 ? $('#restore-chosen') : $('#restore-this'))?.click(); break;
    case 'c': document.activeElement.closest('li')?.querySelector('.pick')?.click(); break;
  }
});

// The version before or after, on the page of a file; undefined elsewhere.
function version(by) {
  const all = [...document.querySelectorAll('.lives li')];
  if (!all.length) return undefined;
  const a = all[all.findIndex(li => li.classList.contains('b')) + by]?.querySelector('a');
  a?.click();
  return a ?? null;
}

// An error that may pass is tried again.
if ($('[data-retry]')) setTimeout(() => location.reload(), 5000);
