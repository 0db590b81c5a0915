// Where the space goes: what takes long to count comes after the page, and what is ticked is summed up at once.
import { $, ask, put, swap } from './page.js';

// count waits for the numbers, and tells how far they are.
async function count(place) {
  let over = false;
  (async () => {
    while (!over) {
      await new Promise(r => setTimeout(r, 700));
      const bar = $('progress', place);
      if (over || !bar) return;
      const at = await ask(location.href, 'counted').then(a => a?.json()).catch(() => null);
      if (at?.total && !over) bar.value = at.done / at.total;
    }
  })();
  await swap(location.href, place.firstElementChild.dataset.part, place);
  over = true;
  ticks();
}

// chosen are the numbers of what is ticked, those in a row as one.
function chosen(form) {
  const all = new URLSearchParams(new FormData(form));
  return form.action.split('#')[0] + '?' + all;
}

function ticks() {
  const form = $('#free-form');
  if (!form) return;
  const button = $('#what-frees');
  if (button) button.hidden = true;
  form.addEventListener('change', async () => {
    const url = chosen(form);
    const answer = await ask(url, 'free');
    const html = await answer?.text().catch(() => null);
    if (!html || url !== chosen(form)) return; // somebody goes on ticking
    const made = document.createElement('div');
    put(made, html);
    for (const what of ['#freed', '.free > .cli']) {
      const now = $(what), next = $(what, made);
      if (now && next) put(now, next.innerHTML);
      else if (next) form.after(next);
      else now?.remove();
    }
    history.replaceState(null, '', url);
  });
}

export function begin() {
  const place = $('#space');
  if (!place) return;
  if ($('[data-part=space]', place)) count(place);
  else ticks();
}
