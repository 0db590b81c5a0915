// Ticks of a folder: how many there are, all at once, and from one to another. What is ticked stays so when its row is
// far from the window and gone.
import { $ } from './page.js';

let last = null;
const chosen = new Set();

const boxes = () => [...document.querySelectorAll('.files tbody input[type=checkbox]')];

function note(box) { box.checked ? chosen.add(box.value) : chosen.delete(box.value); }

function count() {
  const tray = $('#tray');
  if (!tray) return;
  const all = boxes(), n = chosen.size, head = $('#all');
  $('#chosen').textContent = n;
  tray.hidden = n === 0;
  head.hidden = all.length === 0 || !!$('a[rel=more], .files .space');
  head.checked = n > 0 && n === all.length;
  head.indeterminate = n > 0 && n < all.length;
}

// select ticks a row; with through all rows from the last one that was ticked.
export function select(row, through) {
  const box = row?.querySelector('input[type=checkbox]');
  if (!box) return;
  tick(box, through, through ? true : !box.checked);
}

function tick(box, through, on) {
  const all = boxes(), to = all.indexOf(box), before = last ? all.indexOf(last) : -1;
  const from = through && before >= 0 ? before : to;
  for (let i = Math.min(from, to); i <= Math.max(from, to); i++) { all[i].checked = on; note(all[i]); }
  last = box;
  count();
}

// again ticks the rows that have come back.
function again() {
  for (const box of boxes()) if (chosen.has(box.value)) box.checked = true;
  count();
}

export function begin() {
  document.addEventListener('change', e => {
    if (!e.target.matches?.('.files input[type=checkbox]')) return;
    if (e.target.id !== 'all') { note(e.target); count(); return; }
    for (const b of boxes()) { b.checked = e.target.checked; note(b); }
    count();
  });
  document.addEventListener('click', e => {
    const box = e.target;
    if (!box.matches?.('.files tbody input[type=checkbox]')) return;
    if (e.shiftKey) tick(box, true, box.checked);
    last = box;
  });
  // a form has what is ticked and not there, too
  document.addEventListener('formdata', e => {
    if (e.target.id !== 'chosen-form') return;
    const there = new Set(boxes().map(b => b.value));
    for (const value of chosen) if (!there.has(value)) e.formData.append('p', value);
  });
  document.addEventListener('rows', again);
  document.addEventListener('listing', () => { last = null; chosen.clear(); count(); });
  for (const b of boxes()) if (b.checked) note(b);
  count();
}
