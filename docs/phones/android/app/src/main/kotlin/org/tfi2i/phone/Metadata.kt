package org.tfi2i.phone

import java.nio.ByteBuffer
import java.nio.ByteOrder
import org.json.JSONObject

/**
 * What a .tflite file of tfi2i says of itself: JSON in the metadata buffer "tfi2i.json".
 *
 * The numbers are the places of fields in LiteRT's schema.fbs: Model.buffers is field 4 and
 * Model.metadata field 6; Metadata is (name, buffer), and Buffer begins with its data.
 */
class Metadata(file: ByteArray) {
    private val bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN)
    private val export = read().getJSONObject("export")

    val height = export.getJSONArray("image_size").getInt(0)
    val width = export.getJSONArray("image_size").getInt(1)
    val inputChannels = export.getJSONObject("channels").getInt("input")
    val outputChannels = export.getJSONObject("channels").getInt("output")

    /** Whether images are uint8 pixels; else they are floats, -1 for black and 1 for white. */
    val isOfPixels = export.getString("precision") == "uint8"

    private fun read(): JSONObject {
        val model = pointed(0)
        val entry = elements(field(model, 6)).first { text(field(it, 0)) == "tfi2i.json" }
        val buffer = elements(field(model, 4))[bytes.getInt(field(entry, 1))]
        return JSONObject(text(field(buffer, 0)))
    }

    private fun pointed(place: Int) = place + bytes.getInt(place)

    /** Where a field of a table is; every field that is read here is always written. */
    private fun field(table: Int, number: Int): Int {
        val fields = table - bytes.getInt(table)
        return table + bytes.getShort(fields + 4 + 2 * number)
    }

    private fun elements(place: Int): List<Int> {
        val vector = pointed(place)
        return List(bytes.getInt(vector)) { pointed(vector + 4 + 4 * it) }
    }

    private fun text(place: Int): String {
        val vector = pointed(place)
        return String(bytes.array(), vector + 4, bytes.getInt(vector), Charsets.UTF_8)
    }
}
