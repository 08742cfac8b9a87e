"""The sports by the names that Strava's languages have for them."""

import re
from functools import lru_cache
from unicodedata import normalize

from connectors.activity_files.values import name_of, sport_of

_OURS = ("run", "walk", "ride")
_WORDS = {
    "run": """
        hardlopen, hardloopsessie, trailrun, trailrunnen, trailrunning, trail hardlopen, trailhardlopen,
        lauf, laufen, traillauf, trail-lauf, geländelauf, laufband,
        course à pied, course, course de trail, trail, course sur sentier, course à pied en sentier,
        carrera, carrera a pie, correr, carrera de montaña, carrera de trail, carrera por sendero,
        corsa, corsa su sentiero, corsa trail, corsa in montagna,
        corrida, corrida em trilha, corrida de trilha, corrida em trilhos, corrida de montanha,
        løb, løbetur, trailløb, löpning, löprunda, löptur, löppass, terränglöpning, traillöpning, löpning i terräng,
        løp, løping, løpetur, joggetur, terrengløp, terrengløping, stiløping,
        bieg, bieganie, bieg terenowy, bieg przełajowy, bieg górski, juoksu, polkujuoksu, běh, terénní běh
    """,
    "walk": """
        wandeling, wandelen, hike, hiken, trektocht, voettocht,
        spaziergang, gehen, wanderung, wandern, marche, marche à pied, randonnée, randonnée pédestre, balade,
        caminata, caminar, andar, paseo, senderismo, excursión, excursionismo,
        camminata, passeggiata, escursione, escursionismo, trekking,
        caminhada, passeio a pé, trilha, caminhada em trilha, caminhada na natureza,
        gåtur, gang, vandretur, vandring, promenad, fotvandring, spasertur, fottur, fjelltur, tur til fots,
        spacer, chód, wędrówka, piesza wycieczka, wycieczka piesza, kävely, vaellus, chůze, turistika
    """,
    "ride": """
        fiets, fietsen, fietsrit, fietstocht, rit, mountainbikerit, mountainbiken, gravelrit, gravelfietsrit, e-bikerit,
        elektrische fietsrit, e-mountainbikerit,
        radfahrt, fahrt, radfahren, mountainbike-fahrt, mountainbikefahrt, gravel-fahrt, gravelfahrt, e-bike-fahrt,
        e-mountainbike-fahrt,
        vélo, sortie à vélo, sortie vélo, cyclisme, vtt, sortie vtt, sortie gravel, gravel, vélo électrique,
        vtt électrique, sortie en vélo électrique,
        bicicleta, ciclismo, salida en bicicleta, vuelta en bicicleta, recorrido en bicicleta,
        bicicleta de montaña, ciclismo de montaña, ciclismo en gravel, bicicleta eléctrica,
        giro in bici, giro in bicicletta, pedalata, bicicletta, mountain bike, gravel bike, e-bike, giro gravel,
        pedalada, volta de bicicleta, passeio de bicicleta, bicicleta elétrica, pedalada de gravel,
        cykeltur, cykling, cykelrunda, cykelpass, mountainbiketur, mountainbiking, graveltur, elcykeltur, elcykling,
        sykkeltur, sykling, sykkel, terrengsykling, grussykling, elsykkeltur,
        jazda na rowerze, jazda rowerem, rower, kolarstwo, przejażdżka rowerowa, pyöräily, jízda na kole
    """,
    "swim": """
        swim, zwemmen, zwemsessie, schwimmen, natation, natación, nadar, nuoto, natação, svømning, svømmetur, simning,
        svømming, pływanie, uinti, plavání
    """,
    "rowing": "rowing, roeien, rudern, aviron, remo, canottaggio, roning, rodd, roing, wioślarstwo",
    "skating": "inline skate, ice skate, inlineskaten, schaatsen, eislaufen, inlineskating, patinage, pattinaggio",
    "skiing": "alpine ski, nordic ski, backcountry ski, langlaufen, skilanglauf, ski de fond, sci di fondo, langrenn",
    "strength": "weight training, krachttraining, gewichttraining, krafttraining, musculation, styrketräning",
    "workout": "workout, crossfit, training, entraînement, entrenamiento, allenamento, treino, träning, trening",
    "yoga": "yoga, joga, jooga, jóga",
}
_SPORTS = {word.strip(): sport for sport, words in _WORDS.items() for word in words.split(",")}
_VIRTUAL = re.compile(r"\b(virtu|wirtu)\w+")


@lru_cache(maxsize=1000)
def sport_called(word: str) -> str | None:
    """Return our word for the sport, or None where the language is not known: then the file says it."""
    said = normalize("NFC", name_of(word) or "").casefold()
    plain = " ".join(_VIRTUAL.sub("", said).split())
    if found := _SPORTS.get(plain):
        return found
    sport = sport_of(plain) if plain else None
    return sport if sport in _OURS else None
