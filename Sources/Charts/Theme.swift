/// The look of all pictures: colours and strokes as CSS classes.
///
/// Colours come in a light and a dark version; print is always light. Series differ by hue and lightness, so that they
/// differ for colour-blind people too (hues after Okabe and Ito, "Color Universal Design", 2008, with a contrast to the
/// background of at least 3:1). Tones run from pale to strong in one hue.
package enum Theme {
  /// The number of different series colours.
  package static let seriesCount = 6
  /// The number of steps of a tone scale.
  static let toneCount = 8

  /// The class of a series; the classes repeat after the last one.
  static func series(_ index: Int) -> String { "s\(index % seriesCount)" }

  /// The class for a share 0...1 of the tone scale; 1 is the strongest.
  static func tone(_ share: Double) -> String {
    let step = (share * Double(toneCount)).rounded(.down)
    return "q\(step.isNaN ? 0 : Int(min(max(step, 0), Double(toneCount - 1))))"
  }

  /// The class of text that stands on an area of this tone, which contrasts with it in both themes.
  static func text(on tone: Int) -> String { "on\(tone)" }

  /// The style sheet, for rules that apply inside `scope`.
  package static func css(scope: String = "") -> String {
    let light = rules(scope, colours: { $0.light })
    let dark = rules(scope, colours: { $0.dark })
    return shapes.map { rule(scope, $0.0, $0.1) }.joined() + light
      + "@media screen and (prefers-color-scheme:dark){\(dark)}"
  }

  private static func rule(_ scope: String, _ selector: String, _ body: String) -> String {
    let selectors = selector.split(separator: ",").map { scope.isEmpty ? "\($0)" : "\(scope) \($0)" }
    return "\(selectors.joined(separator: ",")){\(body)}"
  }

  private static func rules(_ scope: String, colours: ((light: String, dark: String)) -> String) -> String {
    palette.map { rule(scope, $0.0, "\($0.1):\(colours($0.2))") }.joined()
  }

  /// The styles that do not depend on the theme.
  private static let shapes = [
    ("text", "font:12px Helvetica,Arial,\"Liberation Sans\",\"DejaVu Sans\",sans-serif"),
    (".title", "font-size:16px;font-weight:600"),
    (".name", "font-weight:600"),
    (".pixels", "image-rendering:pixelated"),
    (".grid,.axis,.rule", "fill:none;stroke-width:1"),
    (".line", "fill:none;stroke:currentColor;stroke-width:1.75;stroke-linejoin:round"),
    (".thin", "stroke-width:1;opacity:.55"),
    (".faint", "stroke-width:1;opacity:.35"),
    (".strong", "stroke-width:2.5"),
    (".small", "font-size:10px"),
    (".dashed", "stroke-dasharray:5 4"),
    (".dotted", "stroke-dasharray:1.5 3.5"),
    (".dot", "fill:currentColor;stroke:none"),
    (".area", "fill:currentColor;stroke:none"),
    (".soft", "opacity:.6"),
    (".band", "fill:currentColor;stroke:none;pointer-events:none"),
    // No pointer events: a browser needs seconds to find the dot under the pointer among thousands.
    (".dots,.crosses", "pointer-events:none"),
    (".dots", "fill:none;stroke:currentColor;stroke-linecap:round;stroke-width:5;opacity:.7"),
    (".mark", "stroke-width:1;fill-opacity:.85"),
    (".halo", "paint-order:stroke;stroke-width:3.5;stroke-linejoin:round"),
    (".cross,.crosses", "fill:none;stroke:currentColor;stroke-width:1.5"),
  ]

  /// Selector, property, and its value in both themes.
  private static let palette: [(String, String, (light: String, dark: String))] =
    [
      (".ground", "fill", ("#ffffff", "#14181d")),
      ("text", "fill", ("#1f2328", "#e6e9ec")),
      (".halo", "stroke", ("#ffffff", "#14181d")),
      (".mark", "fill", ("#ffffff", "#14181d")),
      (".mark", "stroke", ("#1f2328", "#e6e9ec")),
      (".muted", "fill", ("#57606a", "#a3abb4")),
      (".grid", "stroke", ("#e3e7eb", "#2b323a")),
      (".axis", "stroke", ("#8b949e", "#6b7480")),
      (".rule", "stroke", ("#57606a", "#a3abb4")),
      (".s0", "color", ("#0067a5", "#56b4e9")),
      (".s1", "color", ("#c8500a", "#f28e4b")),
      (".s2", "color", ("#00805e", "#3cc79d")),
      (".s3", "color", ("#9a3d86", "#df8fc9")),
      (".s4", "color", ("#7a5c00", "#e3b718")),
      (".s5", "color", ("#4d5560", "#aab4c0")),
      (".bad", "color", ("#b42318", "#ff8a80")),
      (".back", "color", ("#8b949e", "#7d8691")),
    ] + zip(lightTones, darkTones).enumerated().map { (".q\($0)", "color", ($1.0, $1.1)) }
    + (0..<toneCount).map { (".on\($0)", "fill", ($0 < 5 ? black : white, $0 < 4 ? white : black)) }

  private static let (black, white) = ("#000000", "#ffffff")

  private static let lightTones = [
    "#d3dbe6", "#b5c6dc", "#94b1d4", "#6f9acb", "#4a81bd", "#2a66a8", "#124b8a", "#062f66",
  ]
  private static let darkTones = [
    "#25313f", "#2d445c", "#345a7d", "#3d719f", "#4a8ac0", "#64a5da", "#8fc3ec", "#c9e4fa",
  ]
}
