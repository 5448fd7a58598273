"""The words of the notices that authors get about their messages, in the languages that reasons are told in."""

from collections.abc import Mapping
from types import MappingProxyType

_EN = {
    "held subject": "Your message to {name} waits for an editor",
    "held": "Your message to {address} has arrived and waits for an editor.",
    "nothing to do": "You need not do anything.",
    "subject": "Subject: {subject}",
    "refused subject": "Your message to {name} was refused",
    "refused": "Your message to {address} was not distributed.",
    "editor wrote": "The editor wrote:",
    "no reason": "No reason was given.",
    "question subject": "Did you write this to {name}?",
    "question": "A message in your name has arrived for {address}.",
    "yours": "If it is yours, send it on its way here:",
    "not yours": "If it is not, do nothing: it will not be sent.",
    "rule": "Rule: {rule}",
    "why": "Why this was decided: {link}",
    "none": "(none)",
}
_FR = {
    "held subject": "Votre message à {name} attend un modérateur",
    "held": "Votre message à {address} est arrivé et attend un modérateur.",
    "nothing to do": "Vous n'avez rien à faire.",
    "subject": "Objet : {subject}",
    "refused subject": "Votre message à {name} a été refusé",
    "refused": "Votre message à {address} n'a pas été diffusé.",
    "editor wrote": "Le modérateur a écrit :",
    "no reason": "Aucun motif n'a été donné.",
    "question subject": "Avez-vous écrit ceci à {name} ?",
    "question": "Un message à votre nom est arrivé pour {address}.",
    "yours": "S'il est de vous, faites-le partir ici :",
    "not yours": "Sinon, ne faites rien : il ne sera pas envoyé.",
    "rule": "Règle : {rule}",
    "why": "Pourquoi cette décision : {link}",
    "none": "(aucun)",
}
_DE = {
    "held subject": "Ihre Nachricht an {name} wartet auf die Moderation",
    "held": "Ihre Nachricht an {address} ist angekommen und wartet auf die Moderation.",
    "nothing to do": "Sie müssen nichts tun.",
    "subject": "Betreff: {subject}",
    "refused subject": "Ihre Nachricht an {name} wurde abgelehnt",
    "refused": "Ihre Nachricht an {address} wurde nicht verteilt.",
    "editor wrote": "Die Moderation schreibt dazu:",
    "no reason": "Ein Grund wurde nicht genannt.",
    "question subject": "Haben Sie dies an {name} geschrieben?",
    "question": "Eine Nachricht in Ihrem Namen ist für {address} angekommen.",
    "yours": "Wenn sie von Ihnen ist, geben Sie sie hier frei:",
    "not yours": "Wenn nicht, tun Sie nichts: Sie wird nicht verschickt.",
    "rule": "Regel: {rule}",
    "why": "Warum so entschieden wurde: {link}",
    "none": "(keiner)",
}
_ES = {
    "held subject": "Su mensaje a {name} espera a un moderador",
    "held": "Su mensaje a {address} ha llegado y espera a un moderador.",
    "nothing to do": "No tiene que hacer nada.",
    "subject": "Asunto: {subject}",
    "refused subject": "Su mensaje a {name} fue rechazado",
    "refused": "Su mensaje a {address} no fue distribuido.",
    "editor wrote": "El moderador escribió:",
    "no reason": "No se dio ningún motivo.",
    "question subject": "¿Escribió usted esto a {name}?",
    "question": "Ha llegado un mensaje en su nombre para {address}.",
    "yours": "Si es suyo, envíelo aquí:",
    "not yours": "Si no lo es, no haga nada: no se enviará.",
    "rule": "Regla: {rule}",
    "why": "Por qué se decidió así: {link}",
    "none": "(ninguno)",
}
_WORDS = MappingProxyType({"en": _EN, "fr": _FR, "de": _DE, "es": _ES})


def words_in(language: str) -> Mapping[str, str]:
    """The words of a language such as `fr` or `de-AT`; English where there are none."""
    return _WORDS.get(language.replace("_", "-").lower().partition("-")[0], _EN)
