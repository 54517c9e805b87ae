#pragma once

#include <memory>
#include <string>

namespace bridge {

// Bytes that several hold and nobody changes.
using SharedBytes = std::shared_ptr<const std::string>;

}  // namespace bridge
