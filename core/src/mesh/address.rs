//! What an IP address stands for, as the ztunnel of the caller looks it up.

use std::net::IpAddr;

use super::{Mesh, ServiceIndex, WorkloadIndex};
use crate::matcher;
use crate::resource::Resource;

impl Mesh {
    /// The Service of a VIP, else the ServiceEntry with the narrowest block around the address.
    /// `istio/istio: pilot/pkg/serviceregistry/ambient/services.go` (getVIPs, constructServiceEntries).
    pub(crate) fn service_at(&self, address: IpAddr) -> Option<ServiceIndex> {
        let services = self.service_objects().filter_map(|(index, service)| {
            let blocks = match &self.object(service.object)?.resource {
                Resource::Service(written) => written.vips(),
                Resource::ServiceEntry(written) => &written.addresses,
                _ => return None,
            };
            let blocks = blocks
                .iter()
                .filter_map(|text| matcher::parse_ip_block(text));
            let around = blocks.filter(|block| block.contains(&address));
            Some((around.map(|block| block.prefix_len()).max()?, index))
        });
        // Of equal ones the first.
        let narrowest = services.max_by_key(|&(length, index)| (length, std::cmp::Reverse(index)));
        narrowest.map(|(_, index)| index)
    }

    /// The workload whose pod has an address.
    pub(crate) fn workload_at(&self, address: IpAddr) -> Option<WorkloadIndex> {
        let mut workloads = self.workloads();
        workloads
            .find(|(_, workload)| workload.addresses.contains(&address))
            .map(|(index, _)| index)
    }
}
