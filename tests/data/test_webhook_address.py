"""Where webhooks may be sent to: what is written, and what a name leads to."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from data.webhook_address import Address, BadAddress, host_of, is_public, parsed, require

OWN = (ip_network("10.1.0.0/16"), ip_network("fd00:1::/32"))


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://shop.example/hook", Address(True, "shop.example", 443, "/hook")),
        ("https://Shop.Example", Address(True, "shop.example", 443, "/")),
        ("https://shop.example:8443/a?key=b&c", Address(True, "shop.example", 8443, "/a?key=b&c")),
        ("https://93.184.216.34/", Address(True, "93.184.216.34", 443, "/")),
        ("https://[2606:2800:220:1::1]/", Address(True, "2606:2800:220:1::1", 443, "/")),
        ("https://xn--bcher-kva.example/%20x", Address(True, "xn--bcher-kva.example", 443, "/%20x")),
    ],
)
def test_what_is_written_well_is_taken(url: str, address: Address) -> None:
    assert parsed(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.example/hook",
        "//shop.example/hook",
        "http://shop.example/hook",
        "ftp://shop.example/",
        "file:///etc/passwd",
        "gopher://shop.example/_x",
        "javascript:alert(1)",
        "https://",
        "https:///hook",
        "https://user@shop.example/",
        "https://user:pass@shop.example/",
        "https://shop.example@127.0.0.1/",
        "https://shop.example#@127.0.0.1/",
        "https://shop.example/#",
        "https://shop.example\\@127.0.0.1/",
        "https://shop.example/\r\nHost: other",
        "https://shop.example/ x",
        "https://shop.example/\u00e9",
        "https://b\u00fccher.example/",
        "https://shop.example:99999/",
        "https://shop.example:x/",
        "https://shop.example:22/",
        "https://shop.example:80/",
        "https://shop.example:5432/",
        "https://shop..example/",
        "https://-shop.example/",
        "https://[::1/",
        "https://127.0.0.1/",
        "https://0.0.0.0/",
        "https://10.0.0.1/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:93.184.216.34]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[64:ff9b::5db8:d822]/",
        "https://[64:ff9b:1::1]/",
        "https://[2002:7f00:1::]/",
        "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
        "https://[fe80::1]/",
        "https://[fe80::1%25eth0]/",
        "https://[fd00:ec2::254]/",
        "https://[fc00::1]/",
        "https://[ff02::1]/",
        "https://[2001:db8::1]/",
        "https://shop.example/" + "x" * 2_000,
    ],
)
def test_what_leads_elsewhere_or_is_written_to_deceive_is_refused(url: str) -> None:
    with pytest.raises(BadAddress):
        parsed(url)


@pytest.mark.parametrize("given", ["127.0.0.1", "169.254.169.254", "10.1.2.3", "::1", "64:ff9b::808:808"])
def test_a_name_that_leads_to_one_address_within_is_refused_whatever_else_it_leads_to(given: str) -> None:
    address = parsed("https://shop.example/")
    require(address, ["93.184.216.34", "2606:2800:220:1::1"])
    for resolved in ([given], ["93.184.216.34", given], [given, "93.184.216.34"]):
        with pytest.raises(BadAddress, match="does not lead to the public Internet"):
            require(address, resolved)


def test_a_name_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(BadAddress):
        require(parsed("https://shop.example/"), [])


@pytest.mark.parametrize("written", ["127.1", "0x7f000001", "2130706433", "017700000001", "localhost"])
def test_other_ways_to_write_this_machine_are_names_that_lead_there(written: str) -> None:
    # The system's resolver knows them; so they are looked at as what they lead to.
    address = parsed(f"https://{written}/")
    with pytest.raises(BadAddress):
        require(address, ["127.0.0.1"])


def test_the_operators_own_networks_are_reached_by_http_and_at_any_port_and_others_are_not() -> None:
    for url in ("http://10.1.2.3:8080/x", "https://10.1.2.3:9/", "http://[fd00:1::5]:80/"):
        parsed(url, OWN)
    inside = parsed("http://crm.internal:8080/", OWN)
    require(inside, ["10.1.2.3", "fd00:1::5"], OWN)
    for resolved in (["10.2.0.1"], ["127.0.0.1"], ["93.184.216.34"], ["10.1.2.3", "93.184.216.34"]):
        with pytest.raises(BadAddress):
            require(inside, resolved, OWN)
    for url in ("http://10.2.0.1/", "http://127.0.0.1/", "http://93.184.216.34/"):
        with pytest.raises(BadAddress):
            parsed(url, OWN)
    with pytest.raises(BadAddress, match="one of these ports"):
        require(parsed("https://shop.example:8080/", OWN), ["93.184.216.34"], OWN)
    require(parsed("https://shop.example/", OWN), ["93.184.216.34"], OWN)


def test_public_is_what_anybody_may_own() -> None:
    public = ("1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450::1")
    assert [each for each in public if not is_public(ip_address(each))] == []
    closed = ("192.0.0.8", "192.88.99.1", "198.18.0.1", "198.51.100.1", "240.0.0.1", "2001:2::1", "3fff::1")
    assert [each for each in closed if is_public(ip_address(each))] == []


def test_of_an_address_the_server_may_be_told_and_not_what_may_be_secret() -> None:
    assert host_of("https://hooks.example:8443/services/T0/SECRET?key=SECRET") == "https://hooks.example:8443"
