#pragma once

#include <memory>

#include "ai_sdk/core/session_manager.h"
#include "platform/metadata_db/database.h"

namespace bridge {

// Session manifests in the directory.
std::shared_ptr<SessionManifestStore> make_session_store(std::shared_ptr<Database> database);

}  // namespace bridge
