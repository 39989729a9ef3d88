"""What columns of a spreadsheet can be taken for, and what they are probably meant as by their headings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

ImportKind = Literal["events", "sales", "scans", "competitors"]
Content = Literal["text", "amount", "count", "flag", "moment", "date", "choice"]


@dataclass(frozen=True, slots=True)
class Target:
    """What a column can be: `name` is the message's own, `label` what people read."""

    name: str
    label: str
    content: Content = "text"
    synonyms: str = ""
    """Headings, in plain lower case, divided by commas; the label is one by itself."""
    choices: Mapping[str, str] | None = None
    personal: bool = False

    def headings(self) -> list[str]:
        """All headings that mean this."""
        return [plain_heading(word) for word in (self.label, self.name, *self.synonyms.split(","))]


def plain_heading(text: str) -> str:
    """A heading without case, accents and marks: what "Verkauft am:" and "verkauft_am" have in common."""
    text = unicodedata.normalize("NFKD", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text.strip()))
    text = "".join(c for c in text.casefold() if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", text))


_KINDS_OF_SALE = {
    **dict.fromkeys(("sale", "sold", "purchase", "verkauf", "vente", "s"), "sale"),
    **dict.fromkeys(
        ("refund", "refunded", "return", "returned", "cancelled", "canceled", "storno", "retoure", "r"),
        "refund",
    ),
}
_WAYS = {
    **dict.fromkeys(
        ("entry", "in", "enter", "check in", "checkin", "eintritt", "einlass", "entree"), "entry"
    ),
    **dict.fromkeys(("exit", "out", "leave", "check out", "checkout", "austritt", "sortie"), "exit"),
}
_STATES = {
    state.replace("_", " "): state
    for state in ("scheduled", "on_sale", "sold_out", "cancelled", "postponed", "over")
}

_ID = Target(
    "id", "Row's own id", synonyms="id,transaction id,transaction,booking id,row id,uid,belegnummer,beleg"
)
_EVENT = Target(
    "event_id",
    "Event",
    synonyms="event id,event code,event name,show,performance,veranstaltung,veranstaltungsnummer"
    ",vorstellung,evenement",
)
_VENUE = Target("venue_id", "Venue", synonyms="venue id,house,hall,haus,spielstatte,salle")
_DATE = Target("date", "Date, where times stand apart", "date", "date,datum,day,tag,jour")
_CURRENCY = Target("currency", "Currency", synonyms="currency,wahrung,devise,ccy")
_CAPACITY = "capacity,kapazitat,seats,platze,capacite"

TARGETS: Mapping[ImportKind, tuple[Target, ...]] = {
    "sales": (
        _EVENT,
        Target(
            "purchased_at",
            "Sold at",
            "moment",
            "purchased at,purchase date,sold on,sale date,sale time,order date,order time,booked at,timestamp"
            ",date time,date and time,time,verkauft am,verkaufsdatum,bestelldatum,buchungsdatum,uhrzeit,zeit"
            ",date de vente",
        ),
        _DATE,
        Target(
            "amount",
            "Amount of the row",
            "amount",
            "amount,price,total,total price,gross,revenue,value,paid,betrag,preis,brutto,umsatz,summe"
            ",montant,prix",
        ),
        Target(
            "quantity",
            "Tickets",
            "count",
            "quantity,qty,count,tickets,number of tickets,anzahl,menge,quantite",
        ),
        Target(
            "ticket_type",
            "Ticket type",
            synonyms="type,category,price category,kategorie,preiskategorie,tarif",
        ),
        Target(
            "ticket_id", "Ticket", synonyms="ticket id,ticket number,ticket no,barcode,ticketnummer,billet"
        ),
        Target(
            "order_id", "Order", synonyms="order id,order number,order no,order code,bestellnummer,commande"
        ),
        _ID,
        Target("kind", "Sale or refund", "choice", "kind,transaction type,art,vorgang", _KINDS_OF_SALE),
        Target("fee", "Fee on top", "amount", "fee,fees,booking fee,service charge,gebuhr,gebuhren,frais"),
        Target("tax", "Tax within the amount", "amount", "tax,vat,mwst,ust,tva,steuer"),
        _CURRENCY,
        Target("comp", "Complimentary", "flag", "comp,comps,free,freikarte,invitation"),
        Target("channel", "Channel", synonyms="channel,sales channel,source,vertriebsweg,kanal,canal"),
        Target("campaign", "Campaign", synonyms="campaign,utm campaign,kampagne,promo"),
        Target("country", "Country", synonyms="country,country code,land,pays"),
        Target("region", "Region", synonyms="region,state,county,bundesland"),
        Target("city", "City", synonyms="city,town,ort,stadt,ville"),
        Target(
            "user_id",
            "Customer, kept as a hash",
            synonyms="customer,customer id,customer number,email,e mail,mail,buyer,kunde,kundennummer,client",
            personal=True,
        ),
        _VENUE,
    ),
    "scans": (
        _EVENT,
        Target(
            "scanned_at",
            "Scanned at",
            "moment",
            "scan time,timestamp,time,date time,date and time,entry time,checkin,check in,gescannt am"
            ",uhrzeit,zeit,heure",
        ),
        _DATE,
        Target(
            "ticket_id",
            "Ticket",
            synonyms="ticket id,ticket number,ticket no,barcode,code,ticketnummer,billet",
        ),
        Target("direction", "Entry or exit", "choice", "direction,in out,richtung,sens", _WAYS),
        Target("gate", "Gate", synonyms="gate,door,entrance,entry point,eingang,tor,entree,porte"),
        Target("area", "Area", synonyms="area,bereich"),
        Target("is_valid", "Valid", "flag", "valid,accepted,success,ok,gultig,valide"),
        Target("reason", "Reason of a refusal", synonyms="reason,error,grund,raison"),
        Target("scanner_id", "Scanner", synonyms="scanner,device,gerat,appareil"),
        _ID,
        _VENUE,
    ),
    "events": (
        Target(
            "event_id",
            "Event's id",
            synonyms="id,event,event code,code,external id,number,nummer,veranstaltungsnummer",
        ),
        Target("name", "Name", synonyms="name,title,event name,show,artist,titel,veranstaltung,nom,titre"),
        _DATE,
        Target("doors_at", "Doors", "moment", "doors at,doors open,einlass,portes"),
        Target(
            "starts_at", "Starts", "moment", "start,starts at,start time,begin,begins,time,beginn,debut,heure"
        ),
        Target("ends_at", "Ends", "moment", "end,ends at,end time,ende,fin"),
        Target(
            "on_sale_at", "On sale from", "moment", "on sale,on sale at,sale starts,vorverkauf,mise en vente"
        ),
        Target("capacity", "Tickets for sale", "count", f"sellable capacity,{_CAPACITY}"),
        Target("physical_capacity", "People that fit", "count", "physical capacity,max capacity"),
        Target("holds", "Held back", "count", "holds,held,kontingent"),
        Target("status", "Status", "choice", "status,state,zustand,etat", _STATES),
        _VENUE,
    ),
    "competitors": (
        Target("name", "Name", synonyms="name,title,event,event name,show,artist,titel,veranstaltung,nom"),
        _DATE,
        Target("starts_at", "Starts", "moment", "start,starts at,start time,begin,time,beginn,debut,heure"),
        Target("ends_at", "Ends", "moment", "end,ends at,end time,ende,fin"),
        Target("place", "Place", synonyms="place,venue,venue name,location,hall,ort,spielstatte,lieu,salle"),
        Target("city", "City", synonyms="city,town,stadt,ville"),
        Target("capacity", "Capacity", "count", _CAPACITY),
        Target(
            "price_from", "Lowest price", "amount", "price,price from,min price,lowest,preis ab,preis,prix"
        ),
        Target("price_to", "Highest price", "amount", "price to,max price,highest,preis bis"),
        _CURRENCY,
        Target("genre", "Genre", synonyms="genre,category,kategorie,type,art"),
        _ID,
        Target("venue_id", "Our venue that it competes with", synonyms="our venue,venue id,market"),
    ),
}
NEEDED: Mapping[ImportKind, tuple[tuple[str, ...], ...]] = {
    "sales": (("event_id",), ("purchased_at", "date"), ("amount", "comp")),
    "scans": (("event_id",), ("scanned_at",), ("ticket_id",)),
    "events": (("event_id", "name"),),
    "competitors": (("name",), ("starts_at", "date")),
}
"""Of each of these at least one is needed."""
FOR_ALL = ("event_id", "venue_id", "currency")
"""What may be said once for all rows."""


def targets(kind: ImportKind) -> dict[str, Target]:
    """Name → what a column of such a file can be."""
    return {target.name: target for target in TARGETS[kind]}


def suggested(kind: ImportKind, headings: Sequence[str]) -> dict[str, str]:
    """Heading → name of what it is probably meant as; each name once, the closest heading first."""
    found: dict[str, str] = {}
    plain = {heading: plain_heading(heading) for heading in headings}
    for exact in (True, False):
        for target in TARGETS[kind]:
            if target.name in found.values():
                continue
            for heading, words in plain.items():
                if heading not in found and _means(target, words, exact):
                    found[heading] = target.name
                    break
    return found


def _means(target: Target, words: str, exact: bool) -> bool:
    """Whether a heading is one of the target's; else whether it begins or ends with one of them."""
    known = target.headings()
    if exact or not words:
        return words in known
    return any(len(one) > 3 and (words.startswith(f"{one} ") or words.endswith(f" {one}")) for one in known)


def lacking(kind: ImportKind, given: Sequence[str]) -> list[str]:
    """What is needed and neither a column nor the same for all rows, in words."""
    labels = targets(kind)
    return [
        " or ".join(labels[name].label for name in names)
        for names in NEEDED[kind]
        if not any(name in given for name in names)
    ]
