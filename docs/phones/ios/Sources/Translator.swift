import TensorFlowLite
import UIKit

/// A translator of `tfi2i export --formats litert,litert_float16,litert_uint8`, in colour.
final class Translator {
  private let metadata: Metadata
  private let interpreter: Interpreter

  enum Failure: Error { case notInColour, noPixels }

  init(file: URL) throws {
    metadata = try Metadata.read(Data(contentsOf: file))
    guard metadata.export.channels.input == 3, metadata.export.channels.output == 3 else {
      throw Failure.notInColour
    }
    interpreter = try Interpreter(modelPath: file.path)
    try interpreter.allocateTensors()
  }

  /// Translates a picture, which is stretched to the size that the file takes.
  func translate(_ picture: UIImage) throws -> UIImage {
    let pixels = try pixels(of: picture)
    if metadata.isOfPixels {
      try interpreter.copy(Data(pixels), toInputAt: 0)
    } else {
      let floats = pixels.map { Float32($0) / 127.5 - 1 }
      try interpreter.copy(floats.withUnsafeBufferPointer { Data(buffer: $0) }, toInputAt: 0)
    }
    try interpreter.invoke()
    let made = try interpreter.output(at: 0).data
    if metadata.isOfPixels { return try image(of: [UInt8](made)) }
    let floats = made.withUnsafeBytes { [Float32]($0.bindMemory(to: Float32.self)) }
    return try image(of: floats.map { UInt8(min(max(($0 + 1) * 127.5, 0), 255).rounded()) })
  }

  /// Red, green and blue of every pixel, row by row from the top.
  private func pixels(of picture: UIImage) throws -> [UInt8] {
    let (width, height) = (metadata.width, metadata.height)
    let format = UIGraphicsImageRendererFormat()
    format.scale = 1
    let size = CGSize(width: width, height: height)
    // Drawing applies the photo's orientation.
    let scaled = UIGraphicsImageRenderer(size: size, format: format).image { _ in
      picture.draw(in: CGRect(origin: .zero, size: size))
    }
    var rows = [UInt8](repeating: 0, count: width * height * 4)
    let context = CGContext(
      data: &rows, width: width, height: height, bitsPerComponent: 8, bytesPerRow: width * 4,
      space: CGColorSpace(name: CGColorSpace.sRGB)!,
      bitmapInfo: CGImageAlphaInfo.noneSkipLast.rawValue)
    guard let context, let drawn = scaled.cgImage else { throw Failure.noPixels }
    context.draw(drawn, in: CGRect(origin: .zero, size: size))
    return rows.enumerated().filter { $0.offset % 4 < 3 }.map(\.element)
  }

  private func image(of pixels: [UInt8]) throws -> UIImage {
    let (width, height) = (metadata.width, metadata.height)
    let made = CGDataProvider(data: Data(pixels) as CFData).flatMap {
      CGImage(
        width: width, height: height, bitsPerComponent: 8, bitsPerPixel: 24,
        bytesPerRow: width * 3, space: CGColorSpace(name: CGColorSpace.sRGB)!,
        bitmapInfo: CGBitmapInfo(rawValue: CGImageAlphaInfo.none.rawValue), provider: $0,
        decode: nil, shouldInterpolate: true, intent: .defaultIntent)
    }
    guard let made else { throw Failure.noPixels }
    return UIImage(cgImage: made)
  }
}
