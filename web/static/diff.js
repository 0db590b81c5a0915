// Two snapshots: two handles on the bar of time. The dates follow at once, what is different when it is there.
import { $, ask, put, said, split, swap } from './page.js';

let steps = null, asking = false, wanted = null;

async function compare(url) {
  wanted = url;
  if (asking) return;
  asking = true;
  try {
    while (wanted) {
      const url = wanted;
      wanted = null;
      const answer = await ask(url, 'diff');
      const html = await answer?.text().catch(() => null);
      if (!html || wanted) continue;
      for (const part of split(html)) put($('#' + part.dataset.part), part.innerHTML);
      history.replaceState(null, '', url);
      said($('#rows')?.textContent ?? $('#differences .empty')?.textContent ?? '');
      whole();
    }
  } finally { asking = false; }
}

// whole counts what the page did not wait for.
function whole() {
  if ($('#differences [data-part=whole]')) swap(location.href, 'whole', $('#differences'));
}

export function begin() {
  const ends = [$('#slider-a'), $('#slider-b')];
  if (!ends[0]) return;
  steps = JSON.parse($('#steps-of-two').textContent);
  let wait = 0;
  for (const end of ends) {
    end.addEventListener('input', () => {
      const at = +end.value;
      end.setAttribute('aria-valuetext', steps.times[at]);
      const when = $('#when-' + end.id.slice(-1));
      if (when) when.textContent = steps.times[at];
      clearTimeout(wait);
      wait = setTimeout(() => {
        const [a, b] = ends.map(e => steps.names[+e.value]);
        const kept = new URLSearchParams(location.search);
        kept.delete('from');
        const q = kept.toString();
        compare(steps.root + a + '/' + b + steps.path + (q ? '?' + q : ''));
      }, 120);
    });
  }
  whole();
}
