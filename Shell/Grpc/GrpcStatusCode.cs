namespace Nitro.Grpc;

/// <summary>How a call ended, in gRPC's own numbers (grpc.io, "Status codes and their use in gRPC").</summary>
public enum GrpcStatusCode
{
    /// <summary>It succeeded.</summary>
    Ok = 0,

    /// <summary>The caller gave it up.</summary>
    Cancelled = 1,

    /// <summary>It failed, and nothing more is known or told.</summary>
    Unknown = 2,

    /// <summary>The request makes no sense, whatever the state of the server.</summary>
    InvalidArgument = 3,

    /// <summary>Its time was over; it may have happened all the same.</summary>
    DeadlineExceeded = 4,

    /// <summary>What was asked for is not there.</summary>
    NotFound = 5,

    /// <summary>What was to be made is there already.</summary>
    AlreadyExists = 6,

    /// <summary>The caller is known and may not.</summary>
    PermissionDenied = 7,

    /// <summary>A bound was reached: message size, quota, space.</summary>
    ResourceExhausted = 8,

    /// <summary>The state of the server does not allow it, and repeating it changes nothing.</summary>
    FailedPrecondition = 9,

    /// <summary>Somebody else was faster; begin again from reading.</summary>
    Aborted = 10,

    /// <summary>Past the end of what there is.</summary>
    OutOfRange = 11,

    /// <summary>The server has no such method, or not in this encoding.</summary>
    Unimplemented = 12,

    /// <summary>One side broke the protocol.</summary>
    Internal = 13,

    /// <summary>The server cannot be reached now; ask again later.</summary>
    Unavailable = 14,

    /// <summary>Something stored is lost or damaged.</summary>
    DataLoss = 15,

    /// <summary>The caller did not say, or not prove, who it is.</summary>
    Unauthenticated = 16,
}
