// The questions before a restore, over the page instead of in its place.
import { $, ask, put } from './page.js';

async function open(url, form) {
  const answer = await ask(url, 'restore', undefined, form);
  const html = await answer?.text().catch(() => null);
  if (!html) return false;
  const dialog = $('#ask');
  put(dialog, html);
  const back = $('.go a.way', dialog);
  if (back) back.textContent = 'Not now';
  dialog.showModal();
  $('#look', dialog)?.focus();
  return true;
}

export function begin() {
  const dialog = $('#ask');
  if (!dialog) return;
  document.addEventListener('click', async e => {
    if (e.ctrlKey || e.metaKey || e.shiftKey || e.button) return;
    const link = e.target.closest?.('#restore-this'), chosen = e.target.closest?.('#restore-chosen');
    if (link) {
      e.preventDefault();
      await open(link.href) || (location.href = link.href);
    } else if (chosen) {
      e.preventDefault();
      const form = new URLSearchParams(new FormData(chosen.form));
      await open(chosen.formAction, form) || chosen.form.requestSubmit();
    } else if (e.target.closest?.('#ask .go a.way') || e.target === dialog) {
      e.preventDefault();
      dialog.close();
    }
  });
  // who types a folder means one
  document.addEventListener('input', e => {
    if (e.target.name === 'target') $('[name=where][value=folder]', e.target.form).checked = true;
  });
}
