// Time travel: the bar says the date at once, and the folder as soon as it is there. One question is asked at a time, and
// the newest waits: dragging shows folders all along, however slow the answers are. The bar itself stays.
import { $, ask, put, said, split } from './page.js';

let steps = null, asking = false, wanted = null;

export async function travel(url, push) {
  wanted = { url, push };
  if (asking) return;
  asking = true;
  try {
    while (wanted) {
      const { url, push } = wanted;
      wanted = null;
      const got = near.get(url) ?? await fetched(url);
      near.clear();
      if (!got) continue;
      const { html, address } = got;
      const focused = document.activeElement?.id;
      for (const part of split(html)) {
        if (part.dataset.part === 'now' && wanted) continue; // its date would jump back
        put($('#' + part.dataset.part), part.innerHTML);
      }
      if (focused) document.getElementById(focused)?.focus();
      push ? history.pushState(null, '', address) : history.replaceState(null, '', address);
      arrived(address);
    }
  } finally { asking = false; }
}

async function fetched(url) {
  const answer = await ask(url, 'listing');
  const html = await answer?.text().catch(() => null) ?? null;
  // a reference was answered with the address of its name
  return html === null ? null : { html, address: answer.redirected ? answer.url : url };
}

// near are the folders beside the handle, fetched while it rests: the next step is there at once. They are forgotten
// with the next one, or soon.
const near = new Map();
let resting = 0;
function rest(pos) {
  clearTimeout(resting);
  resting = setTimeout(async () => {
    for (const at of [pos + 1, pos - 1]) {
      if (asking || document.hidden || !steps.names[at]) continue;
      const url = steps.root + steps.names[at] + steps.path + location.search, got = await fetched(url);
      if (got && !asking) near.set(url, got);
    }
    resting = setTimeout(() => near.clear(), 30_000);
  }, 500);
}

// arrived brings the rest of the page to where the folder is now.
function arrived(address) {
  if (wanted) return;
  const name = new URL(address, location.href).pathname.slice(steps.root.length).split('/')[0];
  const pos = steps.names.indexOf(name);
  if (pos >= 0) { move(pos); rest(pos); }
  document.dispatchEvent(new Event('listing'));
  said(`${$('#when').textContent}, ${$('.sum')?.textContent ?? ''}`);
  weigh();
}

// move puts the handle at a snapshot and makes later columns paler. A column stays where it is.
function move(pos) {
  const slider = $('#slider');
  if (document.activeElement !== slider || +slider.value !== pos) slider.value = pos;
  slider.setAttribute('aria-valuetext', steps.times[pos]);
  columns(pos);
}

// columns draws the paths anew from the rectangles that they are made of.
let shapes = null;
function columns(pos) {
  const svg = $('#columns');
  const path = name => svg.querySelector('.' + name);
  if (!shapes) {
    const cut = name => (path(name).getAttribute('d').match(/M[^M]*/g) ?? []).map(d => ({ d, x: parseFloat(d.slice(1)) }));
    shapes = [...cut('idle').map(s => ({ ...s, idle: true })), ...cut('past'), ...cut('later')];
    shapes.push(...cut('here').map(s => ({ ...s, idle: !('hot' in path('here').dataset) })));
    shapes.sort((a, b) => a.x - b.x);
    if (shapes.length !== steps.names.length) shapes = [];
  }
  if (!shapes.length) return;
  const d = { idle: '', past: '', later: '', here: '' };
  shapes.forEach((s, i) => { d[i === pos ? 'here' : s.idle ? 'idle' : i < pos ? 'past' : 'later'] += s.d; });
  for (const name in d) path(name).setAttribute('d', d[name]);
}

// weigh asks for the sums of folders, which take longer than the page.
async function weigh() {
  const cells = [...document.querySelectorAll('[data-weigh]')];
  if (!cells.length) return;
  const url = location.href;
  const answer = await ask(url, 'weights');
  const sums = await answer?.json().catch(() => null);
  if (!sums || location.href !== url) return;
  for (const cell of cells) cell.textContent = sums.in[cell.dataset.weigh] ?? '–';
}

export function begin() {
  const slider = $('#slider');
  if (!slider) return;
  steps = JSON.parse($('#steps').textContent);
  slider.addEventListener('input', () => {
    const pos = +slider.value;
    $('#when').textContent = steps.times[pos];
    move(pos);
    travel(steps.root + steps.names[pos] + steps.path + location.search, false);
  });
  addEventListener('popstate', () => travel(location.href, false));
  document.addEventListener('click', e => { // the change before and after, and back to the newest: without a new page
    const a = e.target.closest?.('.now a');
    if (!a || e.ctrlKey || e.metaKey || e.shiftKey || e.button) return;
    e.preventDefault();
    travel(a.href, true);
  });
  weigh();
}
