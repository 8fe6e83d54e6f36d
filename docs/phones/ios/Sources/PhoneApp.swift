import PhotosUI
import SwiftUI

@main
struct PhoneApp: App {
  var body: some Scene {
    WindowGroup { TranslateView() }
  }
}

/// One screen: a button that picks a photo, the photo, and below it what the model makes of it.
struct TranslateView: View {
  @State private var chosen: PhotosPickerItem?
  @State private var before: UIImage?
  @State private var after: UIImage?
  @State private var failure: String?

  private let translator = Result {
    try Translator(file: Bundle.main.url(forResource: "model", withExtension: "tflite")!)
  }

  var body: some View {
    VStack {
      PhotosPicker("Choose a photo", selection: $chosen, matching: .images)
      ForEach([before, after].compactMap { $0 }, id: \.self) {
        Image(uiImage: $0).resizable().scaledToFit()
      }
      if let failure { Text(failure) }
      Spacer()
    }
    .padding()
    .onChange(of: chosen) { item in
      Task { await show(item) }
    }
  }

  private func show(_ item: PhotosPickerItem?) async {
    guard let data = try? await item?.loadTransferable(type: Data.self),
      let photo = UIImage(data: data)
    else { return }
    (before, after, failure) = (photo, nil, nil)
    do {
      let translator = try translator.get()
      after = try await Task.detached { try translator.translate(photo) }.value
    } catch {
      failure = error.localizedDescription
    }
  }
}
