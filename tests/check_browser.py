#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of xfdtriage report in a real browser.  $1: build folder; $2: where to leave screenshots (optional)."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common import utils
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    print("skip browser: python3-selenium is not installed")
    sys.exit(77)

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
FLAGS = """--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
           --disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars
           --remote-debugging-pipe""".split()
HOSTILE = "<script>window.ran=1</script><img src=x onerror=window.ran=1>\"'&"
FOLDER = "/srv/crash/"

build = os.path.abspath(sys.argv[1])
shots = sys.argv[2] if len(sys.argv) > 2 else None
passed = failed = 0


def check(name, condition, detail=""):
    global passed, failed
    if condition:
        passed += 1
    else:
        failed += 1
        print(f"FAIL {name}: {detail}")


def same(name, found, expected):
    check(name, found == expected, f"{found!r}, should be {expected!r}")


def triage(vmcore):
    done = subprocess.run([f"{build}/xfdtriage", "-f", "json", vmcore], capture_output=True, text=True, check=False)
    return json.loads(done.stdout)


def make_page(work, name, results):
    """results: (path, identity, object); the page's path."""
    lines = "".join(f"{path}\t{identity}\t2026-11-22T13:{i % 60:02}:00Z\t{json.dumps(result)}\n"
                    for i, (path, identity, result) in enumerate(results))
    store, page = f"{work}/{name}.store", f"{work}/{name}.html"
    subprocess.run([f"{build}/tests/make-store", store], input=lines, text=True, check=True)
    subprocess.run([f"{build}/xfdtriage", "report", "-f", "html", store, "-o", page], check=True)
    return page


class Driver(Service):
    """As Service, but "localhost" need not be known by that name."""

    @property
    def service_url(self):
        return f"http://127.0.0.1:{self.port}"

    def is_connectable(self):
        return utils.is_connectable(self.port, "127.0.0.1")


class Page:
    def __init__(self, work):
        options = Options()
        options.binary_location = CHROMIUM
        for flag in FLAGS + [f"--user-data-dir={work}/profile"]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Driver(DRIVER), options=options)
        self.driver.set_script_timeout(120)
        self.size(1400, 1000)

    def size(self, width, height):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def scheme(self, scheme):
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def load(self, path, fragment=""):
        # so that another fragment loads the page anew
        self.driver.get("about:blank")
        self.driver.get(f"file://{path}{fragment}")

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def texts(self, column):
        return self.run("return [...document.querySelectorAll('#dumps > tbody > tr:not(.detail) > td:nth-child(' + "
                        "arguments[0] + ')')].map(cell => cell.textContent)", column)

    def verdicts(self):
        return [text.split()[-1] for text in self.texts(1)]

    def status(self):
        return self.one("#shown").text

    def fragment(self):
        return self.run("return decodeURIComponent(location.hash)")

    def focused(self):
        return self.driver.switch_to.active_element

    def press(self, *keys):
        for key in keys:
            self.focused().send_keys(key)

    def shot(self, name):
        if shots:
            self.driver.save_screenshot(f"{shots}/{name}.png")

    def complaints(self):
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]

    def wait(self, condition, seconds=20):
        end = time.time() + seconds
        while not condition() and time.time() < end:
            time.sleep(0.02)
        return condition()


def real_results():
    manifest = sorted(name for name in os.listdir("dumps") if name.endswith(".vmcore"))
    results = [(FOLDER + name, name, triage(f"dumps/{name}")) for name in manifest]
    hostile = triage("dumps/set-xsave-6.18.5.vmcore")
    hostile["kernel"]["nodename"] = HOSTILE
    hostile["panic"]["comm"] = hostile["panic"]["last_words"] = HOSTILE
    hostile["why"] = hostile["check"] = hostile["panic"]["trace"] = [HOSTILE, "</script><script>window.ran=1</script>"]
    hostile["vms"][0]["comm"] = hostile["vms"][0]["vcpus"][1]["thread"]["comm"] = HOSTILE
    hostile["vms"][0]["vcpus"][1]["state"] = hostile["kernel"]["fix"] = HOSTILE
    results.append((f"/srv/{HOSTILE}/vmcore", "hostile", hostile))
    results.append((FOLDER + "strange.vmcore", "strange", {
        "verdict": "inconclusive", "why": [1], "missing": [{}], "check": ["bt"], "kernel": {"fixed_in": 1, "fix": True},
        "panic": {"events": [{}, {"nsec": "soon"}], "fault": {"rip": 7}, "pid": "x"},
        "vms": [{}, {"complete": False, "vcpus": [{}, {"xstate_bv": "0x1", "xfd": "0x1", "mismatch": 1, "thread": {}},
                                                  {"xstate_bv": "0xffffffffffffffff", "xfd": "0xffffffffffffffff",
                                                   "mismatch": "0xffffffffffffffff", "state": "a b", "id": "0"},
                                                  {"xstate_bv": "<b>", "xfd": "1", "culprit": "yes"}]}]}))
    results.append((FOLDER + "copy.vmcore", manifest[0], results[0][2]))
    results.append((FOLDER + "broken.vmcore", "", {"schema": "xfdtriage-1", "verdict": "error", "error": "no dump at all"}))
    return results


def check_rendered(page, path, results):
    page.requests()
    page.load(path)
    same("title", page.driver.title, "CVE-2026-23005: triage of vmcores")
    same("rows", len(page.texts(1)), len(results))
    same("status", page.status(), f"{len(results)} dumps")
    counts = {}
    for _, _, result in results:
        counts[result["verdict"]] = counts.get(result["verdict"], 0) + 1
    for verdict in ("confirmed", "armed", "probable", "inconclusive", "error", "not-this-bug", "not-applicable"):
        same(f"total-{verdict}", page.one(f"[data-verdict={verdict}] b").text, str(counts.get(verdict, 0)))
    same("order", page.verdicts(), sorted(page.verdicts(), key=[
        "confirmed", "armed", "probable", "inconclusive", "error", "not-this-bug", "not-applicable"].index))
    same("copy", len(page.all("#dumps .copy")), 1)
    same("requests", [url for url in page.requests() if not url.startswith(("file://", "about:"))], [])
    page.shot("light")


def check_sorted(page, path):
    page.load(path)
    header = page.one("th.c-release button")
    header.click()
    releases = page.texts(4)
    same("sort-up", page.one("th.c-release").get_attribute("aria-sort"), "ascending")
    known = [release for release in releases if release]
    same("sort-natural", [release.split("+")[0] for release in known][0],
         min((release.split("+")[0] for release in known), key=lambda name: [int(n) for n in re.findall("[0-9]+", name)]))
    check("sort-6.12-after-6.1", releases.index("6.12.57+deb12-amd64") < releases.index("6.12.117+deb12-amd64")
          < releases.index("6.18.5+deb13-amd64"), releases)
    same("sort-unknown-last", releases[-1], "")
    header.click()
    same("sort-down", page.one("th.c-release").get_attribute("aria-sort"), "descending")
    same("sort-reversed", [release for release in page.texts(4) if release][0], "7.3.4+deb13-amd64")
    same("sort-linked", page.fragment(), "#sort=-release")
    same("sort-one", len(page.all("th[aria-sort=none]")), 7)
    page.load(path, "#sort=-release")
    same("sort-by-link", page.one("th.c-release").get_attribute("aria-sort"), "descending")


def check_filtered(page, path, results):
    page.load(path)
    page.one("[data-verdict=confirmed]").click()
    same("filter-verdict", set(page.verdicts()), {"confirmed"})
    same("filter-pressed", page.one("[data-verdict=confirmed]").get_attribute("aria-pressed"), "true")
    page.one("[data-verdict=armed]").click()
    same("filter-verdicts", set(page.verdicts()), {"confirmed", "armed"})
    count = sum(result["verdict"] in ("confirmed", "armed") for _, _, result in results)
    same("filter-status", page.status(), f"{count} of {len(results)} dumps")
    page.one("#f-kernel").send_keys("6.18.9")
    page.wait(lambda: "kernel" in page.fragment())
    same("filter-kernel", {text.split("+")[0] for text in page.texts(4)}, {"6.18.9"})
    page.one("#f-fix").send_keys("present")
    page.wait(lambda: "fix" in page.fragment())
    same("filter-fix", set(page.texts(5)), {"present"})
    same("filter-linked", page.fragment(), "#verdict=confirmed&verdict=armed&kernel=6.18.9&fix=present")
    linked = page.texts(2)
    page.load(path, "#verdict=confirmed&verdict=armed&kernel=6.18.9&fix=present")
    same("filter-by-link", page.texts(2), linked)
    same("filter-fields", page.one("#f-kernel").get_attribute("value"), "6.18.9")
    page.one("#clear").click()
    same("filter-clear", page.status(), f"{len(results)} dumps")
    page.one("#f-q").send_keys("BROKEN")
    page.wait(lambda: "q=" in page.fragment())
    same("filter-text", page.verdicts(), ["error"])
    page.one("#f-q").send_keys("nothing of that name")
    page.wait(lambda: not page.texts(1))
    check("filter-empty", page.one("#empty").is_displayed())
    page.one("#clear").click()
    check("filter-empty-gone", not page.one("#empty").is_displayed())
    # a link that somebody else made
    page.load(path, "#verdict=<script>&sort=constructor&open=/none&q=%00")
    same("filter-forged", page.complaints(), [])
    page.load(path, "#sort=__proto__&verdict=toString")
    same("filter-forged-sort", len(page.texts(1)), len(results))
    same("filter-forged-none", len(page.all("th[aria-sort=none]")), 8)


def check_opened(page, path, results):
    name = FOLDER + "set-xsave-6.18.5.vmcore"
    panic = next(result for found, _, result in results if found == name)["panic"]
    page.load(path, f"#open={name}")
    detail = page.one("tr.detail")
    for text in ("CVE-2026-23005 occurred on this host", "oops 1 of 1: " + panic["fault"]["instruction"], "Likely origin",
                 "6.18.7 (eea6f395ca50)", "Debian 13 backports: in 6.18.9-1~bpo13+1", panic["trace"][1].strip(), panic["events"][0]["text"], panic["fault"]["operand"],
                 "log | grep -A40 exc_device_not_available", "landlock+seccomp", "XTILEDATA in both"):
        check(f"evidence '{text}'", text in detail.text, detail.text[:200])
    same("lanes", [svg.get_attribute("aria-label") for svg in page.all("tr.detail svg.lanes")], [
        "XSTATE_BV has PKRU, XTILEDATA. XFD has none. In both: none.",
        "XSTATE_BV has PKRU, XTILECFG, XTILEDATA. XFD has XTILEDATA. In both: XTILEDATA."])
    same("lanes-framed", len(page.all("tr.detail svg rect.both")), 1)
    same("lanes-set", len(page.all("tr.detail svg rect.set")), 2 + 4)
    same("culprit", page.one("tr.culprit th").text.split(), ["1", "faulted"])
    page.size(1400, 2200)
    page.shot("open")
    page.scheme("dark")
    page.shot("open-dark")
    page.size(420, 3000)
    page.run("window.dispatchEvent(new Event('resize'))")
    check("narrow-fits", page.run("return document.documentElement.scrollWidth <= 420"),
          page.run("return document.documentElement.scrollWidth"))
    page.shot("open-narrow")
    page.scheme("light")
    page.size(1400, 1000)
    page.load(path)
    row = page.one("#dumps > tbody > tr")
    row.find_elements(By.TAG_NAME, "td")[2].click()
    same("open-by-click", len(page.all("tr.detail")), 1)
    same("open-expanded", row.find_element(By.TAG_NAME, "button").get_attribute("aria-expanded"), "true")
    row.find_elements(By.TAG_NAME, "td")[2].click()
    same("close-by-click", len(page.all("tr.detail")), 0)
    # every dump's evidence can be shown
    for row in page.all("#dumps > tbody > tr > td:first-child > button"):
        row.click()
    same("open-all", len(page.all("tr.detail article")), len(page.texts(1)))
    same("open-all-quiet", page.complaints(), [])
    page.load(path, f"#open={FOLDER}strange.vmcore")
    strange = page.one("tr.detail").text
    check("open-strange", not any(
        word in strange for word in ("undefined", "NaN", "null", "cannot be shown", "[object")), strange)
    same("open-strange-vcpus", len(page.all("tr.detail table.vcpus tbody tr")), 4)


def check_keyboard(page, path):
    page.load(path)
    page.press(Keys.TAB)
    same("key-skip", page.focused().get_attribute("class"), "skip")
    page.shot("skip")
    page.press(Keys.ENTER)
    page.press(Keys.TAB)
    same("key-skipped-to-table", page.focused().text, "verdict")
    for _ in range(8):
        page.press(Keys.TAB)
    check("key-row", "confirmed" in page.focused().text, page.focused().text)
    outline = page.run("return getComputedStyle(document.activeElement).outlineStyle")
    same("key-focus-is-seen", outline, "solid")
    page.press(Keys.ENTER)
    same("key-open", len(page.all("tr.detail")), 1)
    same("key-open-linked", page.fragment().startswith("#open=/srv/"), True)
    page.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    same("key-down", page.run("return document.activeElement.closest('tr').rowIndex"), 4)
    page.press(Keys.ARROW_UP)
    page.press(Keys.SPACE)
    same("key-open-by-space", len(page.all("tr.detail")), 2)
    page.press(Keys.ESCAPE)
    same("key-close", len(page.all("tr.detail")), 1)
    page.press(Keys.ARROW_UP, Keys.TAB)
    check("key-into-detail", page.run("return Boolean(document.activeElement.closest('tr.detail'))"))
    page.press(Keys.ESCAPE)
    same("key-close-from-inside", len(page.all("tr.detail")), 0)
    same("key-back-on-row", page.run("return document.activeElement.closest('tr').rowIndex"), 1)
    page.one("th.c-fix button").send_keys(Keys.ENTER)
    same("key-sort", page.one("th.c-fix").get_attribute("aria-sort"), "ascending")
    page.one("[data-verdict=error]").send_keys(Keys.SPACE)
    same("key-filter", page.verdicts(), ["error"])


def check_hostile(page, path):
    page.load(path, f"#q={'window.ran'}")
    same("hostile-found", len(page.texts(1)), 1)
    same("hostile-text", page.texts(3), [HOSTILE])
    page.one("#dumps > tbody > tr > td > button").click()
    check("hostile-shown", HOSTILE in page.one("tr.detail").text)
    check("hostile-opened", page.one("tr.detail article"))
    time.sleep(0.2)
    same("hostile-ran", page.run("return window.ran"), None)
    same("hostile-elements", len(page.all("#dumps img, #dumps td script")), 0)
    same("hostile-scripts", page.run("return [...document.scripts].filter(script => !script.type).length"), 2)
    same("hostile-complaints", page.complaints(), [])
    # the policy is in force: what a hole in the page would let in does not run
    page.run("const script = document.createElement('script'); try { script.textContent = 'window.ran = 1'; } catch (e) {}"
             "document.body.append(script);"
             "try { document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran=1\">'); } catch (e) {}")
    time.sleep(0.2)
    same("policy-ran", page.run("return window.ran"), None)
    check("policy-complains", any("Content Security Policy" in text or "TrustedHTML" in text or "TrustedScript" in text
                                  for text in page.complaints()))


def luminance(colour):
    parts = [int(part) / 255 for part in colour[colour.index("(") + 1:-1].split(",")[:3]]
    parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def check_schemes(page, path):
    pairs = {"ink": "sheet", "dim": "page", "bad": "sheet", "warn": "sheet", "good": "sheet", "link": "page"}
    backs = []
    for scheme in ("light", "dark"):
        page.scheme(scheme)
        page.load(path)
        backs.append(luminance(page.run("return getComputedStyle(document.body).backgroundColor")))
        for ink, back in pairs.items():
            colours = page.run("const p = document.createElement('p'); document.body.append(p);"
                               "p.style.color = `var(--${arguments[0]})`; p.style.backgroundColor = `var(--${arguments[1]})`;"
                               "const s = getComputedStyle(p); return [s.color, s.backgroundColor]", ink, back)
            light = sorted(luminance(colour) for colour in colours)
            check(f"contrast-{scheme}-{ink}", (light[1] + 0.05) / (light[0] + 0.05) >= 4.5, colours)
        page.shot(scheme)
    check("dark", backs[0] > 0.8 and backs[1] < 0.05, backs)
    page.scheme("light")
    page.size(420, 900)
    page.load(path)
    check("narrow", page.run("return document.documentElement.scrollWidth <= 420"))
    page.shot("narrow")
    page.size(1400, 1000)


def check_without_script(page, path, results):
    page.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    page.load(path)
    page.shot("without-script")
    body = page.one("body").text
    check("noscript-table", all(name in body for name, _, _ in results if name.startswith(FOLDER)))
    check("noscript-note", "need JavaScript" in body)
    page.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def check_broken_script(page, path, results):
    """A browser that lacks what the script needs still shows the table."""
    added = page.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": "Intl.Collator = undefined"})
    page.load(path)
    check("broken-script-broke", page.complaints())
    same("broken-script-rows", sum(cell.is_displayed() for cell in page.all("#dumps > tbody > tr > td:first-child")), len(results))
    page.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


def timed(page, script):
    """Milliseconds until what @script did can be seen."""
    return page.driver.execute_async_script(
        "const done = arguments[arguments.length - 1], start = performance.now(); eval_(); function eval_() {" + script +
        "} requestAnimationFrame(() => setTimeout(() => done(performance.now() - start), 0))")


def check_large(page, work, results, count=10000):
    real = [result for path, _, result in results if path.startswith(FOLDER)]
    rows = [(f"/srv/crash/{i // 100:03}/host{i % 700:03}-{i}/vmcore", f"id{i}", real[i % len(real)]) for i in range(count)]
    path = make_page(work, "large", rows)
    start = time.time()
    page.load(path)
    same("large-status", page.status(), f"{count} dumps")
    took = {"load": (time.time() - start) * 1000}
    check("large-window", len(page.texts(1)) < 2000, len(page.texts(1)))
    took["sort"] = timed(page, "document.querySelector('th.c-path button').click()")
    took["filter"] = timed(page, "document.querySelector('[data-verdict=armed]').click()")
    check("large-filtered", set(page.verdicts()) == {"armed"})
    took["clear"] = timed(page, "document.getElementById('clear').click()")
    took["open"] = timed(page, "document.querySelector('#dumps > tbody button').click()")
    start = time.time()
    page.one("#f-q").send_keys("-9999/")
    check("large-search", page.wait(lambda: page.status() == f"1 of {count} dumps"), page.status())
    took["search"] = (time.time() - start) * 1000
    page.one("#clear").click()
    # one goes on by scrolling, and by the keyboard
    shown = len(page.texts(1))
    page.run("scrollTo(0, document.body.scrollHeight)")
    check("large-scroll", page.wait(lambda: len(page.texts(1)) > shown))
    page.load(path, f"#open={rows[-1][0]}")
    same("large-open-by-link", len(page.all("tr.detail")), 1)
    for name, limit in {"load": 30000, "sort": 3000, "filter": 3000, "clear": 3000, "open": 3000, "search": 5000}.items():
        check(f"large-{name}", took[name] < limit, f"{took[name]:.0f} ms")
    size = os.path.getsize(path) / 1e6
    print(f"browser: {count} rows, {size:.0f} MB: " + ", ".join(f"{name} {ms:.0f} ms" for name, ms in took.items()))


def main():
    for program in (CHROMIUM, DRIVER):
        if not os.access(program, os.X_OK):
            print(f"skip browser: {program} is not installed (packages chromium, chromium-driver)")
            return 77
    if shots:
        os.makedirs(shots, exist_ok=True)
    work = tempfile.mkdtemp()
    page = None
    try:
        results = real_results()
        path = make_page(work, "report", results)
        page = Page(work)
        check_rendered(page, path, results)
        check_sorted(page, path)
        check_filtered(page, path, results)
        check_opened(page, path, results)
        check_keyboard(page, path)
        check_hostile(page, path)
        check_schemes(page, path)
        check_without_script(page, path, results)
        check_broken_script(page, path, results)
        page.load(make_page(work, "empty", []))
        check("empty", page.one("#empty").is_displayed() and "no results" in page.one("#empty").text)
        check_large(page, work, results)
    finally:
        if page:
            page.driver.quit()
        shutil.rmtree(work, ignore_errors=True)
    print(f"browser: {passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
