import Testing

@testable import Reports

struct ModelPicturesTests {
}
