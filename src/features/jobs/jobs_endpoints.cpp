#include "features/jobs/jobs_endpoints.h"

namespace bridge {

std::vector<Route> job_routes(JobService& service) {
  return {
      {Method::get, "/v1/jobs/{id}", Access::viewer,
       [&service](const Request& request) -> Result<Response> {
         return ok(TRY(service.get(request.context, JobId(request.path_value("id")))));
       },
       docs<void, Job>("get_job", "Jobs", "A job and how far it is", {}, "Job")},
      {Method::post, "/v1/jobs/{id}/cancel", Access::editor,
       [&service](const Request& request) -> Result<Response> {
         return ok(TRY(service.cancel(request.context, JobId(request.path_value("id")))));
       },
       docs<void, Job>("cancel_job", "Jobs", "Ask a job to stop", {}, "Job")},
  };
}

}  // namespace bridge
