package org.tfi2i.phone

import android.graphics.Bitmap
import android.graphics.ImageDecoder
import android.net.Uri
import android.os.Build
import android.os.Bundle
import android.provider.MediaStore
import android.widget.Button
import android.widget.ImageView
import android.widget.LinearLayout
import androidx.activity.ComponentActivity
import androidx.activity.result.PickVisualMediaRequest
import androidx.activity.result.contract.ActivityResultContracts.PickVisualMedia
import java.util.concurrent.Executors

/** One screen: a button that picks a photo, the photo, and below it what the model makes of it. */
class MainActivity : ComponentActivity() {
    private val worker = Executors.newSingleThreadExecutor()
    private val translator by lazy { Translator(assets, "model.tflite") }
    private lateinit var before: ImageView
    private lateinit var after: ImageView

    private val pick = registerForActivityResult(PickVisualMedia()) { photo ->
        if (photo != null) show(photo)
    }

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        before = ImageView(this)
        after = ImageView(this)
        val button = Button(this).apply {
            text = "Choose a photo"
            setOnClickListener { pick.launch(PickVisualMediaRequest(PickVisualMedia.ImageOnly)) }
        }
        val share = LinearLayout.LayoutParams(LinearLayout.LayoutParams.MATCH_PARENT, 0, 1f)
        setContentView(
            LinearLayout(this).apply {
                orientation = LinearLayout.VERTICAL
                fitsSystemWindows = true
                addView(button)
                addView(before, share)
                addView(after, share)
            },
        )
    }

    private fun show(photo: Uri) {
        before.setImageURI(photo)
        worker.execute {
            val made = translator.translate(decoded(photo))
            runOnUiThread { after.setImageBitmap(made) }
        }
    }

    private fun decoded(photo: Uri): Bitmap {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.P) {
            @Suppress("DEPRECATION")
            return MediaStore.Images.Media.getBitmap(contentResolver, photo)
        }
        return ImageDecoder.decodeBitmap(ImageDecoder.createSource(contentResolver, photo)) { decoder, _, _ ->
            decoder.allocator = ImageDecoder.ALLOCATOR_SOFTWARE // getPixels cannot read a GPU's bitmap.
        }
    }

    override fun onDestroy() {
        worker.execute { translator.close() }
        worker.shutdown()
        super.onDestroy()
    }
}
