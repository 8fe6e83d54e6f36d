package org.tfi2i.phone

import android.content.res.AssetManager
import android.graphics.Bitmap
import android.graphics.Color
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import kotlin.math.roundToInt

/** A translator of `tfi2i export --formats litert,litert_float16,litert_uint8`, in colour or grey. */
class Translator(assets: AssetManager, file: String) : AutoCloseable {
    private val metadata = Metadata(assets.open(file).use { it.readBytes() })
    private val model = CompiledModel.create(
        assets,
        file,
        CompiledModel.Options(Accelerator.GPU, Accelerator.CPU),
    )
    private val inputs = model.createInputBuffers()
    private val outputs = model.createOutputBuffers()

    /** Translates a picture, which is stretched to the size that the file takes. */
    fun translate(picture: Bitmap): Bitmap {
        val (width, height) = metadata.width to metadata.height
        val scaled = Bitmap.createScaledBitmap(picture, width, height, true)
        val pixels = IntArray(width * height)
        scaled.getPixels(pixels, 0, width, 0, 0, width, height)
        val levels = levels(pixels, metadata.inputChannels)
        if (metadata.isOfPixels) {
            inputs[0].writeInt8(ByteArray(levels.size) { levels[it].toByte() })
        } else {
            inputs[0].writeFloat(FloatArray(levels.size) { levels[it] / 127.5f - 1f })
        }
        model.run(inputs, outputs)
        val made = if (metadata.isOfPixels) {
            outputs[0].readInt8().map { it.toInt() and 0xFF }.toIntArray()
        } else {
            outputs[0].readFloat().map { ((it + 1f) * 127.5f).roundToInt().coerceIn(0, 255) }.toIntArray()
        }
        return Bitmap.createBitmap(colours(made), width, height, Bitmap.Config.ARGB_8888)
    }

    /** Red, green and blue of every pixel, or its brightness. */
    private fun levels(pixels: IntArray, channels: Int): IntArray =
        IntArray(pixels.size * channels) {
            val pixel = pixels[it / channels]
            if (channels == 1) brightness(pixel) else pixel shr (16 - 8 * (it % channels)) and 0xFF
        }

    private fun brightness(pixel: Int): Int =
        (0.299 * Color.red(pixel) + 0.587 * Color.green(pixel) + 0.114 * Color.blue(pixel)).roundToInt()

    private fun colours(levels: IntArray): IntArray {
        val channels = metadata.outputChannels
        return IntArray(levels.size / channels) {
            val first = it * channels
            if (channels == 1) Color.rgb(levels[first], levels[first], levels[first])
            else Color.rgb(levels[first], levels[first + 1], levels[first + 2])
        }
    }

    override fun close() = model.close()
}
