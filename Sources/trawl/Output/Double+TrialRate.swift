import Platform
import Search

extension Double {
  /// A number of trials per second, in the unit that suits it: `1.3 trials/s`, `14.2 trials/min`, `5 trials/h`.
  var trialRate: String {
    for (unit, seconds) in [("s", 1.0), ("min", 60)] where self * seconds >= 1 {
      return "\((self * seconds).rounded1.shortText) trials/\(unit)"
    }
    return "\((self * 3600).rounded1.shortText) trials/h"
  }
}
