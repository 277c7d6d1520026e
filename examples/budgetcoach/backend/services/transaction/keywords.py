"""The default categories, and the words by which a description is recognised as one of them.

A word matches whole words (two words: a phrase); with a star it matches inside a word too, as German
compounds need it ("versicherung*" finds "Haftpflichtversicherung"). The longest phrase wins, then the first
category in this table.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Default:
    """A category that every user starts with; `slug` stays when the user renames it."""

    slug: str
    name: str
    kind: str
    color: str
    icon: str
    words: str


OTHER = {"expense": "other_expense", "income": "other_income"}

DEFAULTS = (
    Default("subscriptions", "Subscriptions", "expense", "#8b5cf6", "🔁", """
        netflix, spotify, disney plus, disneyplus, disney+, prime video, amazon prime, youtube premium,
        apple com bill, itunes, icloud, google one, google storage, adobe, microsoft 365, office 365,
        dropbox, github, openai, chatgpt, audible, deezer, tidal, hbo, hulu, paramount, dazn,
        sky deutschland, wow tv, crunchyroll, patreon, substack, new york times, nyt, spiegel, zeit verlag,
        economist, playstation network, xbox game pass, nintendo online, hosting*, subscription, abonnement,
        abo, mitgliedsbeitrag, fitx, mcfit, urban sports, gym, fitness*, basic fit
    """),
    Default("housing", "Housing", "expense", "#0ea5e9", "🏠", """
        miete*, rent, landlord, letting, mortgage, hypothek, hausverwaltung*, hausgeld, nebenkosten*,
        wohnung*, immobilien*, loyer, alquiler, huur, affitto, council tax, grundsteuer, property tax, hoa,
        baufinanzierung*, vonovia, wohnungsbau*
    """),
    Default("utilities", "Utilities", "expense", "#14b8a6", "💡", """
        stadtwerke*, strom*, energie*, gaswerk*, electric, electricity, power company, water, wasserwerk*,
        thames water, edf, engie, iberdrola, endesa, naturgy, eon, e.on, vattenfall, enbw, rwe, british gas,
        octopus energy, pg&e, con edison, telekom*, vodafone, o2, telefonica, orange sa, sfr, bouygues,
        free mobile, verizon, at&t, t mobile, comcast, xfinity, internet, mobilfunk*, handy*, congstar,
        aldi talk, rundfunk*, ard zdf, abfall*, heating
    """),
    Default("insurance", "Insurance", "expense", "#64748b", "🛡️", """
        versicherung*, insurance, assurance, seguro*, verzekering*, allianz, huk, axa, ergo, generali,
        debeka, geico, state farm, progressive, aviva, mapfre, maif, macif, krankenkasse*, haftpflicht*,
        aok, barmer, dak, techniker krankenkasse
    """),
    Default("transport", "Transport", "expense", "#f59e0b", "🚆", """
        tankstelle*, aral, shell, esso, jet tank, total energies, totalenergies, bp, chevron, exxon, repsol,
        cepsa, agip, fuel, petrol, gas station, uber, lyft, bolt, taxi*, free now, freenow, cabify,
        deutsche bahn, db vertrieb, bahn*, bvg, mvg, hvv, vgn, rmv, kvb, tfl, transport for london,
        trainline, sncf, ratp, renfe, trenitalia, ns groep, opal, metro transit, mta, bart, sbb, oebb,
        parking, parken, parkhaus*, parkster, easypark, maut, toll, adac, kfz*, autowerkstatt*, werkstatt*,
        deutschlandticket, nextbike, lime, tier, voi, sixt, share now, miles
    """),
    Default("eating_out", "Eating out", "expense", "#ef4444", "🍽️", """
        restaurant*, ristorante*, pizzeria*, pizza*, cafe*, caffe, coffee, starbucks, costa coffee,
        mcdonald*, mcdonalds, burger king, burger*, kfc, subway, dominos, chipotle, taco bell, wendys,
        five guys, pret a manger, greggs, nando*, lieferando, takeaway, deliveroo, just eat, uber eats,
        ubereats, doordash, grubhub, wolt, glovo, sushi*, doner*, kebab*, imbiss*, bistro*, bar, pub, diner,
        gasthaus*, gasthof*, kantine*, mensa, eiscafe*, vapiano, gastronomie*, brauhaus*, biergarten*,
        brasserie*, bakery, backerei*, boulangerie*, backwerk
    """),
    Default("groceries", "Groceries", "expense", "#22c55e", "🛒", """
        rewe, edeka, aldi, lidl, netto, penny, kaufland, tegut, norma, globus, real markt, bio company,
        alnatura, denns, supermarkt*, supermarket*, grocery, groceries, tesco, sainsbury*, sainsburys, asda,
        morrisons, waitrose, co op, iceland foods, marks spencer food, ocado, carrefour, leclerc, auchan,
        intermarche, monoprix, casino supermarche, franprix, mercadona, dia, eroski, alcampo, hipercor,
        albert heijn, jumbo, plus supermarkt, migros, coop, denner, spar, billa, hofer, esselunga, conad,
        walmart, kroger, safeway, publix, whole foods, wholefds, trader joe, trader joes, costco, aldi sud,
        wegmans, heb, woolworths, coles, lebensmittel*, metzgerei*, wochenmarkt*, getranke*, picnic,
        gorillas, flink, market
    """),
    Default("health", "Health", "expense", "#ec4899", "💊", """
        apotheke*, pharmacy, pharmacie*, farmacia*, drugstore, dm drogerie, dm fil, drogerie*, rossmann,
        muller drogerie, boots, cvs, walgreens, superdrug, arzt*, zahnarzt*, praxis*, doctor, dentist,
        dental, clinic, hospital, klinik*, krankenhaus*, optiker*, fielmann, specsavers, physio*, therapie*,
        medizin*, doc morris, docmorris, medico, dentista
    """),
    Default("education", "Education", "expense", "#6366f1", "🎓", """
        universitat*, university, college, school, schule*, kita, kindergarten*, tuition, semesterbeitrag*,
        udemy, coursera, duolingo, volkshochschule*, vhs, nachhilfe*, studierendenwerk*, ecole, academia
    """),
    Default("travel", "Travel", "expense", "#06b6d4", "✈️", """
        hotel*, booking com, airbnb, expedia, hostel*, lufthansa, ryanair, easyjet, eurowings, air france,
        klm, british airways, iberia, vueling, wizz air, united airlines, delta air, american airlines,
        southwest, airline*, airways, flight*, flug*, reiseburo*, reise*, tui, flixbus, camping*, resort,
        marriott, hilton, ibis, accor
    """),
    Default("leisure", "Leisure", "expense", "#f97316", "🎬", """
        kino*, cinema*, cinemaxx, uci, theater*, theatre*, museum*, ticketmaster, eventim, konzert*,
        concert, steam, steamgames, playstation, xbox, nintendo, games, spielwaren*, schwimmbad*, therme*,
        zoo, freizeit*, bowling, golf, tennis*, verein*, thalia, buchhandlung*, hugendubel, bookshop, books,
        bucherei*, buecherei*
    """),
    Default("shopping", "Shopping", "expense", "#d946ef", "🛍️", """
        amazon, amzn, ebay, zalando, otto, about you, h m, hm com, zara, primark, c a, uniqlo, mango, asos,
        shein, temu, aliexpress, ikea, obi, bauhaus, hornbach, hagebau, toom, leroy merlin, castorama,
        home depot, lowes, target, best buy, mediamarkt, media markt, saturn, fnac, darty, argos,
        john lewis, apple store, decathlon, tchibo, deichmann, douglas, galeria, kaufhof, el corte ingles,
        bol com, coolblue, etsy, tk maxx, conrad, alternate, shop*, store, stores
    """),
    Default("cash", "Cash", "expense", "#84cc16", "💶", """
        atm, geldautomat*, bargeld*, cash withdrawal, cash machine, barauszahlung*, auszahlung, retrait,
        cajero, geldautomaat, bankomat*, prelievo
    """),
    Default("fees", "Fees and taxes", "expense", "#78716c", "🏦", """
        kontofuhrung*, kontofuehrung*, entgelt*, gebuhr*, gebuehr*, bank fee, service fee, monthly fee,
        overdraft, interest charge, zinsen, sollzinsen*, finanzamt*, steuer*, irs, hmrc, tax payment,
        impuestos, comision*, commission, cotisation carte, foreign transaction fee, bussgeld*, fine
    """),
    Default("savings", "Savings", "expense", "#10b981", "🐷", """
        sparplan*, tagesgeld*, depot*, trade republic, scalable*, comdirect depot, etf*, vanguard, fidelity,
        robinhood, coinbase, bitpanda, savings transfer, livret a, bausparen*, bausparkasse*, rucklage*,
        sparen
    """),
    Default("other_expense", "Other expenses", "expense", "#94a3b8", "📦", ""),
    Default("salary", "Salary", "income", "#16a34a", "💼", """
        gehalt*, lohn*, salary, payroll, wages, paycheck, salaire*, salario*, nomina*, stipendio*, salaris*,
        bezuge*, besoldung*, direct dep, employer
    """),
    Default("benefits", "Benefits and pension", "income", "#65a30d", "🏛️", """
        kindergeld*, elterngeld*, arbeitslosengeld*, jobcenter*, wohngeld*, rente*, pension*,
        rentenversicherung*, social security, ssa treas, universal credit, child benefit, caf, bafog*,
        bafoeg*, familienkasse*, stipendium*
    """),
    Default("refunds", "Refunds", "income", "#0d9488", "↩️", """
        erstattung*, ruckerstattung*, refund*, gutschrift*, remboursement*, reembolso*, rimborso*,
        ruckzahlung*, steuererstattung*, cashback, return, finanzamt*, retoure*
    """),
    Default("interest", "Interest and dividends", "income", "#4d7c0f", "📈", """
        zins*, interest, dividend*, dividende*, ausschuttung*, interets, intereses, interessi,
        kapitalertrag*
    """),
    Default("other_income", "Other income", "income", "#a3e635", "💰", ""),
)  # fmt: skip
