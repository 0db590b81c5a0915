// A look at a file beside the list: its icon, or space, opens it; where there is no room for that, its page does.
import { $, swap } from './page.js';

const room = matchMedia('(min-width: 1100px)');
let shown = '';

export const open = () => shown !== '';

// show looks at the file that a row is of; at none for a folder.
export async function show(link) {
  const place = $('#preview');
  if (!place || !room.matches || !link || !new URL(link.href).pathname.startsWith(document.documentElement.dataset.base + 'f/')) return false;
  if (shown === link.href) { close(); return true; }
  shown = link.href;
  if (!await swap(link.href, 'preview', place)) { close(); return true; }
  place.hidden = false;
  place.scrollTop = 0;
  document.body.classList.add('previewing');
  return true;
}

export function close() {
  const place = $('#preview');
  if (place?.contains(document.activeElement)) {
    [...document.querySelectorAll('.files .name a')].find(a => a.href === shown)?.focus();
  }
  shown = '';
  document.body.classList.remove('previewing');
  if (place) { place.hidden = true; place.replaceChildren(); }
}

export function begin() {
  document.addEventListener('click', e => {
    if (e.target.closest?.('[data-close-preview]')) { close(); return; }
    const link = e.target.closest?.('.files .i')?.closest('a');
    if (!link || !room.matches || e.ctrlKey || e.metaKey || e.shiftKey || e.button || !$('#preview')) return;
    if (!new URL(link.href).pathname.startsWith(document.documentElement.dataset.base + 'f/')) return;
    e.preventDefault();
    link.focus();
    show(link);
  });
  document.addEventListener('listing', close);
}
