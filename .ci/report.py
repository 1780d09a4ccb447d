"""Checks a report in headless Chromium. usage: report.py FILE [FOLDER for screenshots]"""
import base64
import importlib.util
import json
import pathlib
import sys

from selenium import webdriver

page = pathlib.Path(sys.argv[1]).resolve().as_uri()
screenshots = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
axe = (pathlib.Path(importlib.util.find_spec("axe_playwright_python").origin).parent / "axe.min.js").read_text()
problems = []


def browser(script=True):
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    if not script:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))


def view(driver, width, theme):
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600})
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]})
    driver.get(page)
    where = f"{width} px, {theme}"
    wide = driver.execute_script("return document.documentElement.scrollWidth")
    if wide > width:
        problems.append(f"{where}: the page is {wide} px wide")
    driver.execute_script(axe)
    found = driver.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
    for violation in found["violations"]:
        problems.append(f"{where}: {violation['id']}: {violation['help']}: {violation['nodes'][0]['html'][:120]}")
    if not found["passes"]:
        problems.append(f"{where}: the accessibility checker checked nothing")
    if screenshots:
        size = driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        image = driver.execute_cdp_cmd("Page.captureScreenshot", {
            "captureBeyondViewport": True,
            "clip": {"x": 0, "y": 0, "width": width, "height": min(size["height"], 12000), "scale": 1}})
        screenshots.mkdir(parents=True, exist_ok=True)
        (screenshots / f"report-{width}-{theme}.png").write_bytes(base64.b64decode(image["data"]))


def check_script(driver):
    """Checks that sorting twice by the first numeric column reverses it, and that dragging selects lines."""
    cells = "return Array.from(document.querySelector('tbody').rows, row => row.cells[0].textContent)"
    before = driver.execute_script(cells)
    button = driver.find_element("css selector", "thead button")
    button.click()
    button.click()
    if len(before) > 1 and driver.execute_script(cells) != before[::-1]:
        problems.append("sorting does not sort")
    if not driver.find_elements("css selector", "g.parallel"):
        return
    shown = driver.execute_script("""
      const group = document.querySelector('g.parallel'), svg = group.ownerSVGElement, data = group.dataset;
      svg.scrollIntoView();
      const at = (x, y) => new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
      const y = +data.axes.split(' ')[0], left = +data.left, width = data.right - data.left;
      svg.setPointerCapture = () => {};
      for (const [name, share] of [['pointerdown', 0], ['pointermove', 0.5], ['pointerup', 0.5]]) {
        const point = at(left + share * width, y);
        svg.dispatchEvent(new PointerEvent(name, {clientX: point.x, clientY: point.y, bubbles: true}));
      }
      const lines = Array.from(group.querySelectorAll('[data-values]'));
      const inside = lines.filter(line => parseFloat(line.dataset.values) <= 0.5).length;
      return [lines.filter(line => !line.classList.contains('out')).length, inside,
              svg.closest('figure').querySelector('[role=status]').textContent];""")
    if shown[0] != shown[1] or not shown[2].startswith(f"{shown[1]} of "):
        problems.append(f"selection on parallel coordinates shows {shown}")


driver = browser()
for width in (1280, 390):
    for theme in ("light", "dark"):
        view(driver, width, theme)
check_script(driver)
problems += [f"console: {entry['message']}" for entry in driver.get_log("browser")]
for entry in driver.get_log("performance"):
    message = json.loads(entry["message"])["message"]
    if message["method"] == "Network.requestWillBeSent":
        url = message["params"]["request"]["url"]
        if url != page and not url.startswith("data:"):
            problems.append(f"request: {url}")
texts = "return [document.querySelectorAll('table').length, document.querySelectorAll('svg.picture').length]"
with_script = driver.execute_script(texts)
driver.quit()

plain = browser(script=False)
plain.get(page)
if plain.execute_script(texts) != with_script or plain.find_elements("css selector", "thead button"):
    problems.append("without JavaScript the page differs")
plain.quit()

for problem in problems:
    print(f"report: {problem}", file=sys.stderr)
sys.exit(1 if problems else print(f"report: {with_script[0]} tables and {with_script[1]} plots are correct"))
