# candid_onnx_proto: the messages of an ONNX file, generated from Debian's own onnx.proto
# (libonnx-dev), for `infer` that reads them and `models` that writes them.
#
# Generated for protobuf's lite runtime: no descriptors, so nothing is registered in the process-wide
# pool where another library's copy of the same file would collide. Linked against the full library
# all the same, because OpenCV brings that one into the tests and two runtimes in one process would
# share symbols.

include_guard(GLOBAL)

find_package(Protobuf REQUIRED)
find_file(CANDID_ONNX_PROTO onnx/onnx.proto REQUIRED)
get_filename_component(onnx_proto_folder ${CANDID_ONNX_PROTO} DIRECTORY)
set(onnx_generated ${CMAKE_BINARY_DIR}/onnx_proto)
file(MAKE_DIRECTORY ${onnx_generated})

add_custom_command(
  OUTPUT ${onnx_generated}/onnx.pb.cc ${onnx_generated}/onnx.pb.h
  COMMAND protobuf::protoc --cpp_out=lite:${onnx_generated} -I${onnx_proto_folder}
          ${CANDID_ONNX_PROTO}
  DEPENDS ${CANDID_ONNX_PROTO} protobuf::protoc
  VERBATIM)

# Not a candid_library: generated code knows nothing of our warnings. #include "onnx.pb.h".
add_library(candid_onnx_proto STATIC ${onnx_generated}/onnx.pb.cc)
set_target_properties(candid_onnx_proto PROPERTIES CXX_CLANG_TIDY "")
target_include_directories(candid_onnx_proto SYSTEM PUBLIC ${onnx_generated})
target_link_libraries(candid_onnx_proto PUBLIC protobuf::libprotobuf)
