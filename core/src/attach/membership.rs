//! Service or ServiceEntry → workload: which workloads its selector matches, or are written out in it.

use super::{Reason, Row, origin};
use crate::mesh::{Address, Mesh};
use crate::resource::{Kind, Resource};
use crate::source::FieldPath;
use crate::wire::Via;

/// One edge for each workload behind each Service.
pub(super) fn rows(mesh: &Mesh, rows: &mut Vec<Row>) {
    for (_, service) in mesh.service_objects() {
        let Some(object) = mesh.object(service.object) else {
            continue;
        };
        if !mesh.counts(&object.id) {
            continue;
        }
        // `istio/istio: pilot/pkg/serviceregistry/ambient/services.go`: the builder passes Services of type ExternalName by.
        let reason = match service.address {
            Address::ExternalName => Reason::ExternalNameService,
            _ => Reason::Accepted,
        };
        for workload in service
            .workloads
            .iter()
            .filter_map(|&index| mesh.workload(index))
        {
            let Some(to) = mesh.object(workload.object) else {
                continue;
            };
            let field = match object.id.kind {
                Kind::ServiceEntry => "workloadSelector",
                _ => "selector",
            };
            let path = match &to.resource {
                Resource::Endpoint(endpoint) => endpoint.path(),
                _ => FieldPath::new().key("spec").key(field),
            };
            let origin = origin(object, path);
            rows.push(Row::new(
                service.object,
                to.id.clone(),
                Via::Membership,
                reason,
                origin,
            ));
        }
    }
}
