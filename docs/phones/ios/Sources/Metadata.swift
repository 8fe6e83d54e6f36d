import Foundation

/// What a .tflite file of tfi2i says of itself: JSON in the metadata buffer "tfi2i.json".
///
/// The numbers are the places of fields in LiteRT's schema.fbs: Model.buffers is field 4 and
/// Model.metadata field 6; Metadata is (name, buffer), and Buffer begins with its data.
struct Metadata: Decodable {
  struct Channels: Decodable { let input, output: Int }
  struct Export: Decodable {
    let precision: String
    let imageSize: [Int]
    let channels: Channels
  }

  enum Failure: Error { case missing }

  let export: Export

  var height: Int { export.imageSize[0] }
  var width: Int { export.imageSize[1] }

  /// Whether images are uint8 pixels; else they are floats, -1 for black and 1 for white.
  var isOfPixels: Bool { export.precision == "uint8" }

  static func read(_ file: Data) throws -> Metadata {
    let tables = Tables(bytes: file)
    let model = tables.pointed(0)
    let found = tables.elements(tables.field(model, 6)).first {
      tables.content(tables.field($0, 0)) == Data("tfi2i.json".utf8)
    }
    guard let found else { throw Failure.missing }
    let buffers = tables.elements(tables.field(model, 4))
    let buffer = buffers[tables.number(tables.field(found, 1))]
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Metadata.self, from: tables.content(tables.field(buffer, 0)))
  }
}

/// As much of a flatbuffer as it takes; every field that is read here is always written.
private struct Tables {
  let bytes: Data

  func number(_ place: Int) -> Int {
    Int(bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: Int32.self) })
  }

  func pointed(_ place: Int) -> Int { place + number(place) }

  func field(_ table: Int, _ index: Int) -> Int {
    let fields = table - number(table)
    let place = fields + 4 + 2 * index
    return table + Int(bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: UInt16.self) })
  }

  func elements(_ place: Int) -> [Int] {
    let vector = pointed(place)
    return (0..<number(vector)).map { pointed(vector + 4 + 4 * $0) }
  }

  func content(_ place: Int) -> Data {
    let vector = pointed(place)
    return bytes.subdata(in: vector + 4..<vector + 4 + number(vector))
  }
}
