// Puts what the other server's link says after its # into the form, and takes it out of the address bar.

const form = document.querySelector("form[data-handover]");
if (form && location.hash.length > 1) {
  form.querySelector("input[name=link]").value = location.hash;
  history.replaceState(null, "", location.pathname);
}
