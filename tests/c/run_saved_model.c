/* Runs signatures of SavedModels by TensorFlow's C API: the loader that TF Serving uses, no Python.

   Each line of standard input is one request:

     VERSION_FOLDER SIGNATURE OUTPUT_FILE NAME DTYPE DIMENSIONS FILE [NAME DTYPE DIMENSIONS FILE ...]

   with DTYPE float32, uint8, int64 or string, DIMENSIONS such as 1,64,64,3, and FILE the numbers as
   they lie in memory, or the one string. The answer goes to OUTPUT_FILE in the same form, and its
   name, dtype number and dimensions to standard output. Errors end the program with status 1. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tensorflow/c/c_api.h>

#define MOST 8

static void fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

/* --- signatures, from the serialized MetaGraphDef --- */

typedef struct { const uint8_t *at, *end; } Bytes;

static uint64_t varint(Bytes *from) {
  uint64_t value = 0;
  for (int shift = 0; from->at < from->end; shift += 7) {
    value |= (uint64_t)(*from->at & 127) << shift;
    if (*from->at++ < 128) break;
  }
  return value;
}

/* The next field of this number that has a length; 0 at the end. */
static int next(Bytes *message, uint64_t number, Bytes *found) {
  while (message->at < message->end) {
    uint64_t key = varint(message);
    if ((key & 7) == 0) varint(message);
    if ((key & 7) == 1) message->at += 8;
    if ((key & 7) == 5) message->at += 4;
    if ((key & 7) != 2) continue;
    uint64_t length = varint(message);
    *found = (Bytes){message->at, message->at + length};
    message->at += length;
    if (key >> 3 == number) return 1;
  }
  return 0;
}

/* The value of a map's entry; of the first one for an empty key, which then gets the entry's. */
static Bytes entry(Bytes message, uint64_t number, char *key) {
  Bytes one, name, value;
  while (next(&message, number, &one)) {
    if (!next(&one, 1, &name) || !next(&one, 2, &value)) continue;
    size_t length = name.end - name.at;
    if (!*key) sprintf(key, "%.*s", (int)length, name.at);
    if (strlen(key) == length && !memcmp(key, name.at, length)) return value;
  }
  fail("not in the signature", key);
  return message;
}

/* The tensor that a TensorInfo names, such as serving_default_images:0. */
static TF_Output tensor_of(TF_Graph *graph, Bytes info) {
  Bytes name;
  char text[256];
  if (!next(&info, 1, &name)) fail("TensorInfo", "no name");
  snprintf(text, sizeof text, "%.*s", (int)(name.end - name.at), name.at);
  char *colon = strrchr(text, ':');
  if (!colon) fail("no index", text);
  *colon = 0;
  TF_Operation *operation = TF_GraphOperationByName(graph, text);
  if (!operation) fail("not in the graph", text);
  return (TF_Output){operation, atoi(colon + 1)};
}

/* --- tensors and files --- */

static TF_Tensor *read_tensor(const char *dtype, char *dimensions, const char *path) {
  int64_t sides[MOST], count = 1;
  int rank = 0;
  for (char *rest; rank < MOST && (dimensions = strtok_r(rank ? NULL : dimensions, ",", &rest));)
    count *= sides[rank++] = atoll(dimensions);
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END)) fail("cannot be read", path);
  size_t size = ftell(file);
  rewind(file);
  int text = !strcmp(dtype, "string");
  TF_DataType type = text ? TF_STRING
                     : !strcmp(dtype, "uint8") ? TF_UINT8
                     : !strcmp(dtype, "int64") ? TF_INT64 : TF_FLOAT;
  size_t wanted = count * TF_DataTypeSize(type);
  char *content = malloc(size + 1);
  if ((!text && size != wanted) || fread(content, 1, size, file) != size) fail("wrong size", path);
  fclose(file);
  TF_Tensor *made = TF_AllocateTensor(type, sides, rank, text ? sizeof(TF_TString) : wanted);
  if (text) TF_StringInit(TF_TensorData(made));
  if (text) TF_StringCopy(TF_TensorData(made), content, size);
  else memcpy(TF_TensorData(made), content, size);
  free(content);
  return made;
}

static void write_tensor(const char *name, TF_Tensor *made, const char *path) {
  int text = TF_TensorType(made) == TF_STRING;
  const void *from = text ? TF_StringGetDataPointer(TF_TensorData(made)) : TF_TensorData(made);
  size_t size = text ? TF_StringGetSize(TF_TensorData(made)) : TF_TensorByteSize(made);
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(from, 1, size, file) != size || fclose(file)) fail("cannot be written", path);
  printf("%s %d", name, TF_TensorType(made));
  for (int axis = 0; axis < TF_NumDims(made); axis++) printf(" %lld", (long long)TF_Dim(made, axis));
  printf("\n");
}

static void answer(char *line) {
  char *rest, *words[3 + 4 * MOST], output_name[256] = "";
  int count = 0, inputs = 0;
  for (char *one = strtok_r(line, " \n", &rest); one; one = strtok_r(NULL, " \n", &rest))
    if (count < 3 + 4 * MOST) words[count++] = one;
  static char loaded[1024]; /* the version of the line before stays loaded for the next one */
  static TF_Session *session; static TF_Graph *graph; static TF_Buffer *definition;
  TF_Status *status = TF_NewStatus();
  if (strcmp(loaded, words[0])) {
    graph = TF_NewGraph(), definition = TF_NewBuffer();
    session = TF_LoadSessionFromSavedModel(TF_NewSessionOptions(), NULL, words[0],
                                           (const char *[]){"serve"}, 1, graph, definition, status);
    snprintf(loaded, sizeof loaded, "%s", words[0]);
  }
  if (TF_GetCode(status)) fail(words[0], TF_Message(status));
  const uint8_t *start = definition->data;
  Bytes signature = entry((Bytes){start, start + definition->length}, 5, words[1]);
  TF_Output taken[MOST], made = tensor_of(graph, entry(signature, 2, output_name));
  TF_Tensor *values[MOST], *result;
  for (int at = 3; at + 3 < count; at += 4) {
    taken[inputs] = tensor_of(graph, entry(signature, 1, words[at]));
    values[inputs++] = read_tensor(words[at + 1], words[at + 2], words[at + 3]);
  }
  TF_SessionRun(session, NULL, taken, values, inputs, &made, &result, 1, NULL, 0, NULL, status);
  if (TF_GetCode(status)) fail(words[1], TF_Message(status));
  write_tensor(output_name, result, words[2]);
}

int main(void) {
  char line[8192];
  while (fgets(line, sizeof line, stdin)) answer(line);
}
