// What all modules need: to find elements, to speak to a screen reader, and to put a part of a page into its place.
export const $ = (s, from = document) => from.querySelector(s);

const parts = window.trustedTypes?.createPolicy('snap', { createHTML: s => s }) ?? { createHTML: s => s };

export const said = text => { $('#said').textContent = text; };

// put replaces what is in a place by a part that the server made. The focus stays where it was.
export function put(place, html) {
  const focused = document.activeElement?.id;
  place.innerHTML = parts.createHTML(html);
  if (focused && !document.activeElement?.id) document.getElementById(focused)?.focus();
}

// split takes apart an answer that has several parts, each in an element with data-part.
export function split(html) {
  const t = document.createElement('template');
  t.innerHTML = parts.createHTML(html);
  return [...t.content.querySelectorAll('[data-part]')];
}

// ask fetches a part of a page, with a form if there is one; null if the server is gone or says no.
export async function ask(url, part, signal, form) {
  let answer;
  try {
    answer = await fetch(url, { headers: { 'Snap-Fragment': part }, signal, method: form ? 'POST' : 'GET', body: form });
  } catch (e) {
    if (e.name !== 'AbortError') lost();
    return null;
  }
  found();
  return answer.ok ? answer : null;
}

// swap puts a part into its place. Of several questions for one place the last one counts.
const asked = new Map();
export async function swap(url, part, place) {
  asked.get(place)?.abort();
  const mine = new AbortController();
  asked.set(place, mine);
  const answer = await ask(url, part, mine.signal);
  if (!answer) return false;
  const text = await answer.text().catch(() => null);
  if (text === null || asked.get(place) !== mine) return false;
  put(place, text);
  return true;
}

// The server has ended: say so, and go on when it is back.
let waiting = 0;
function lost() {
  $('#lost').hidden = false;
  clearTimeout(waiting);
  waiting = setTimeout(async () => {
    const answer = await fetch(location.href, { headers: { 'Snap-Fragment': 'none' } }).catch(() => null);
    answer ? location.reload() : lost();
  }, 2000);
}
function found() {
  clearTimeout(waiting);
  $('#lost').hidden = true;
}
