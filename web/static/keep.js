// Rules that are tried out: what they keep follows the numbers.
import { $, ask, put, said, split } from './page.js';

let asking = false, wanted = null;

async function show(url, part) {
  wanted = { url, part };
  if (asking) return;
  asking = true;
  try {
    while (wanted) {
      const { url, part } = wanted;
      wanted = null;
      const answer = await ask(url, part);
      const html = await answer?.text().catch(() => null);
      if (!html || wanted) continue;
      for (const p of split(html)) {
        const place = document.getElementById(p.dataset.part);
        if (place) put(place, p.innerHTML);
      }
      if (part === 'kept') {
        history.replaceState(null, '', url);
        said($('#keep-verdict h1').textContent);
        if ($('[data-part=counted]')) wanted = { url, part: 'counted' };
      }
    }
  } finally { asking = false; }
}

export function begin() {
  const form = $('#rules');
  if (!form) return;
  $('#try').hidden = true;
  let wait = 0;
  const change = () => show(form.action + '?' + new URLSearchParams(new FormData(form)), 'kept');
  form.addEventListener('input', () => { clearTimeout(wait); wait = setTimeout(change, 150); });
  form.addEventListener('submit', e => { e.preventDefault(); clearTimeout(wait); change(); });
  if ($('[data-part=counted]')) show(location.href, 'counted');
}
