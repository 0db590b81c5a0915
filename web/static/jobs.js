// Jobs: how what is at work gets on, in the line that every page has and on its own page. One page of all that are open
// listens, and tells the others: a browser has six connections to a server, and each page that listened would take one.
import { $, said, swap } from './page.js';

const base = document.documentElement.dataset.base;
const others = new BroadcastChannel('snap' + base);
let followed = null; // the number of the job, and how to leave it alone

const places = id => document.querySelectorAll(`[data-job="${id}"]`);

// show brings news to the page.
function show(news) {
  if (news.begun) { if (!followed) look(); return; }
  if (news.ended) { end(news.id); return; }
  for (const at of places(news.id)) {
    const text = at.matches('.text') ? at : $('.text', at), bar = $('progress', at), path = $('.at bdi', at);
    if (text) text.textContent = news.text;
    if (bar && news.share !== null) bar.value = news.share;
    else bar?.removeAttribute('value');
    if (path) path.textContent = news.path || '\u00a0';
  }
}

async function end(id) {
  if (!places(id).length) return;
  leave();
  const own = $(`#job [data-job="${id}"]`);
  await (own ? swap(location.href, 'job', $('#job')) : swap(`${base}jobs/${id}`, 'line', $('#line')));
  if ($('[data-events]')) { setTimeout(follow, 1000); return; } // the stream was lost, and the job goes on
  said($('#job h1')?.textContent ?? $('#line b')?.textContent ?? '');
  $('#backup')?.removeAttribute('disabled');
}

// listen hears of a job until it has ended.
function listen(id, url) {
  return new Promise(done => {
    const stream = new EventSource(url);
    const stop = () => { stream.close(); done(); };
    const tell = news => { show(news); others.postMessage(news); };
    followed.stop = stop;
    stream.addEventListener('status', e => {
      const s = JSON.parse(e.data);
      tell({ id, text: s.text, share: s.share, path: s.path });
    });
    stream.addEventListener('summary', () => { stop(); tell({ id, ended: true }); });
    stream.onerror = () => { if (stream.readyState === EventSource.CLOSED) { stop(); tell({ id, ended: true }); } };
  });
}

function leave() {
  followed?.wait.abort();
  followed?.stop?.();
  followed = null;
}

// follow hears of the job that the page tells of, or lets another page do so.
function follow() {
  const at = $('[data-events]');
  if (!at || document.hidden) { leave(); return; }
  const id = at.dataset.job;
  if (followed?.id === id) return;
  leave();
  const mine = followed = { id, wait: new AbortController(), stop: null };
  const turn = () => followed === mine ? listen(id, at.dataset.events) : undefined;
  if (navigator.locks) navigator.locks.request('snap' + base, { signal: mine.wait.signal }, turn).catch(() => {});
  else turn();
}

// look asks what is at work now.
async function look() {
  if (document.hidden || $('#job')) return;
  if (await swap(base + 'jobs/', 'line', $('#line'))) follow();
}

export function begin() {
  others.onmessage = e => show(e.data);
  if ($('#job [data-events]')) others.postMessage({ begun: true });
  document.addEventListener('visibilitychange', follow);
  document.addEventListener('click', e => { if (e.target.closest?.('[data-close]')) $('#line').replaceChildren(); });
  // what another process does tells nobody when it ends
  setInterval(() => { if ($('[data-foreign]')) look(); }, 5000);
  follow();
}
