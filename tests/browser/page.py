"""The page as a person uses it: by what is written on it."""
import time

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from conftest import SHOTS

PATIENCE = 20
SIZES = {"wide": (1400, 900, False), "phone": (390, 844, True)}

# Every piece of text whose contrast with what is behind it is below WCAG AA: 4.5, or 3 for large text.
CONTRAST = """
const parse = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return [n[0], n[1], n[2], n.length > 3 ? n[3] : 1]; };
const lum = ([r, g, b]) => { const f = (v) => (v /= 255, v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
const over = (top, below) => top.slice(0, 3).map((v, i) => v * top[3] + below[i] * (1 - top[3])).concat(1);
const behind = (element) => { const chain = []; for (let e = element; e; e = e.parentElement) chain.push(parse(getComputedStyle(e).backgroundColor)); return chain.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]); };
const bad = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const element = node.parentElement, style = getComputedStyle(element), box = element.getBoundingClientRect();
  if (!node.textContent.trim() || style.visibility === "hidden" || !box.width || !box.height || element.closest("option, script, noscript, .hidden-text, svg")) continue;
  const back = behind(element), front = over(parse(style.color), back), a = lum(front), b = lum(back);
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), size = parseFloat(style.fontSize);
  if (ratio < (size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5)) bad.push(`${ratio.toFixed(2)} ${node.textContent.trim().slice(0, 40)}`);
}
return [...new Set(bad)];
"""

# What a screen reader has no name for.
NAMELESS = """
return [...document.querySelectorAll("button, a, input, select, [role=button]")].filter((e) => e.getClientRects().length &&
  !(e.innerText || e.textContent || "").trim() && !e.getAttribute("aria-label") && !e.title && !e.closest("label") && !(e.labels && e.labels.length)).map((e) => e.outerHTML.slice(0, 100));
"""


class Page:
    def __init__(self, chromium, url):
        self.chromium, self.url = chromium, url

    # --- going ---

    def open(self, address=""):
        self.chromium.get("about:blank")
        self.chromium.get(f"{self.url}/{address}")
        self.settled()
        return self

    def settled(self):
        self.until(lambda: self.js("return document.querySelector('main') !== null && !document.body.innerText.includes('Asking the hub')"), "the page asks for ever")

    def address(self):
        return self.js("return location.hash")

    def size(self, name):
        width, height, touch = SIZES[name]
        self.chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": touch})

    def theme(self, name):
        self.chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": name}]})

    def forget(self):
        self.js("localStorage.clear(); sessionStorage.clear()")

    # --- looking ---

    def js(self, script, *arguments):
        return self.chromium.execute_script(script, *arguments)

    def text(self):
        return self.js("return document.body.innerText")

    def all(self, css):
        return self.chromium.find_elements(By.CSS_SELECTOR, css)

    def one(self, css):
        self.until(lambda: self.all(css), f"{css} is not there")
        return self.all(css)[0]

    def texts(self, css):
        return self.js("return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText)", css)

    def until(self, condition, why):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                value = condition()
            except StaleElementReferenceException:
                value = None
            if value:
                return value
            assert time.monotonic() < end, f"{why}; the page says:\n{self.text()[:1500]}"
            time.sleep(0.05)

    def shows(self, *texts):
        for text in texts:
            self.until(lambda: text in self.text(), f"{text!r} is not shown")

    def complaints(self):
        return [entry["message"] for entry in self.chromium.get_log("browser") if entry["level"] in ("SEVERE", "WARNING") and "favicon" not in entry["message"]]

    def screenshot(self, name):
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.chromium.save_screenshot(str(SHOTS / f"{name}.png"))

    # --- doing ---

    def click(self, css, text=None):
        def found():
            return next((e for e in self.all(css) if (text is None or text in e.text) and e.is_displayed()), None)
        self.until(found, f"no {css} with {text!r}")

        def clicked():
            found().click()
            return True
        self.until(clicked, f"{css} with {text!r} cannot be clicked")

    def fill(self, css, text, enter=True):
        field = self.one(css)
        field.clear()
        field.send_keys(text + (Keys.ENTER if enter else ""))

    def press(self, *keys):
        for key in keys:
            self.chromium.switch_to.active_element.send_keys(key)
