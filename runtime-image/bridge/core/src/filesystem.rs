//! `wasi:filesystem`: present, because toolchains import it, and empty: there is nothing to open.

use crate::bindings::exports::wasi::filesystem::{preopens, types::*};
use crate::io::nobody::{nobody, Nobody};
use crate::Core;

impl Guest for Core {
    type Descriptor = Nobody;
    type DirectoryEntryStream = Nobody;

    fn filesystem_error_code(_: ErrorBorrow<'_>) -> Option<ErrorCode> {
        None
    }
}

impl preopens::Guest for Core {
    fn get_directories() -> Vec<(Descriptor, String)> {
        Vec::new()
    }
}

nobody! {
    GuestDescriptor {
    read_via_stream(u64) -> Result<InputStream, ErrorCode>;
    write_via_stream(u64) -> Result<OutputStream, ErrorCode>;
    append_via_stream() -> Result<OutputStream, ErrorCode>;
    advise(u64, u64, Advice) -> Result<(), ErrorCode>;
    sync_data() -> Result<(), ErrorCode>;
    get_flags() -> Result<DescriptorFlags, ErrorCode>;
    get_type() -> Result<DescriptorType, ErrorCode>;
    set_size(u64) -> Result<(), ErrorCode>;
    set_times(NewTimestamp, NewTimestamp) -> Result<(), ErrorCode>;
    read(u64, u64) -> Result<(Vec<u8>, bool), ErrorCode>;
    write(Vec<u8>, u64) -> Result<u64, ErrorCode>;
    read_directory() -> Result<DirectoryEntryStream, ErrorCode>;
    sync() -> Result<(), ErrorCode>;
    create_directory_at(String) -> Result<(), ErrorCode>;
    stat() -> Result<DescriptorStat, ErrorCode>;
    stat_at(PathFlags, String) -> Result<DescriptorStat, ErrorCode>;
    set_times_at(PathFlags, String, NewTimestamp, NewTimestamp) -> Result<(), ErrorCode>;
    link_at(PathFlags, String, DescriptorBorrow<'_>, String) -> Result<(), ErrorCode>;
    open_at(PathFlags, String, OpenFlags, DescriptorFlags) -> Result<Descriptor, ErrorCode>;
    readlink_at(String) -> Result<String, ErrorCode>;
    remove_directory_at(String) -> Result<(), ErrorCode>;
    rename_at(String, DescriptorBorrow<'_>, String) -> Result<(), ErrorCode>;
    symlink_at(String, String) -> Result<(), ErrorCode>;
    unlink_file_at(String) -> Result<(), ErrorCode>;
    is_same_object(DescriptorBorrow<'_>) -> bool;
    metadata_hash() -> Result<MetadataHashValue, ErrorCode>;
    metadata_hash_at(PathFlags, String) -> Result<MetadataHashValue, ErrorCode>;
    }
    GuestDirectoryEntryStream {
    read_directory_entry() -> Result<Option<DirectoryEntry>, ErrorCode>;
    }
}
