// Ticks of a folder: how many there are, all at once, and from one to another.
import { $, ask, put } from './page.js';

let last = null;

const boxes = () => [...document.querySelectorAll('.files tbody input[type=checkbox]')];

function count() {
  const tray = $('#tray');
  if (!tray) return;
  const all = boxes(), n = all.filter(b => b.checked).length, head = $('#all');
  $('#chosen').textContent = n;
  tray.hidden = n === 0;
  head.hidden = all.length === 0;
  head.checked = n > 0 && n === all.length;
  head.indeterminate = n > 0 && n < all.length;
}

// select ticks a row; with through all rows from the last one that was ticked.
export function select(row, through) {
  const box = row?.querySelector('input[type=checkbox]');
  if (!box) return;
  const all = boxes(), to = all.indexOf(box), from = through && last ? all.indexOf(last) : to;
  const on = through ? true : !box.checked;
  for (let i = Math.min(from, to); i <= Math.max(from, to); i++) if (i >= 0) all[i].checked = on;
  last = box;
  count();
}

// What comes behind the last row comes when it is seen, as far as a browser bears it.
const most = 3000;
function goOn() {
  const link = $('a[rel=more]');
  if (!link) return;
  const seen = new IntersectionObserver(async entries => {
    if (!entries.some(e => e.isIntersecting) || document.querySelectorAll('.files tr').length > most) return;
    seen.disconnect();
    const answer = await ask(link.href, 'rows');
    const html = await answer?.text().catch(() => null);
    if (!html || !link.isConnected) return;
    const next = document.createElement('div');
    put(next, html);
    const body = $('.files tbody');
    body.append(...next.querySelectorAll('.files tbody:not(.gone) tr'));
    const more = $('a[rel=more]', next);
    more ? link.closest('p').replaceWith(more.closest('p')) : link.closest('p').remove();
    count();
    goOn();
  }, { rootMargin: '600px' });
  seen.observe(link);
}

export function begin() {
  document.addEventListener('change', e => {
    if (!e.target.matches?.('.files input[type=checkbox]')) return;
    if (e.target.id === 'all') for (const b of boxes()) b.checked = e.target.checked;
    else last = e.target;
    count();
  });
  document.addEventListener('click', e => {
    if (e.shiftKey && e.target.matches?.('.files tbody input[type=checkbox]') && last && last !== e.target) {
      const all = boxes(), a = all.indexOf(last), b = all.indexOf(e.target);
      for (let i = Math.min(a, b); i <= Math.max(a, b); i++) if (i >= 0) all[i].checked = e.target.checked;
    }
  });
  document.addEventListener('listing', () => { last = null; count(); goOn(); });
  count();
  goOn();
}
