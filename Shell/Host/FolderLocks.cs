using System.Diagnostics;
using Nitro.Host.Loop;
using Nitro.Host.Options;
using Nitro.Storage;

namespace Nitro.Host;

/// <summary>Keeps other processes out of the tenants' folders, by a lock on <c>node.lock</c> in each.</summary>
internal sealed class FolderLocks : IDisposable
{
    /// <summary>How long all tenants together wait for a process that is just ending: a supervisor may start the next one a little early.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    private readonly Dictionary<string, FileLock> held = [];
    private long? waitingSince;

    /// <summary>Makes the tenant's folder where it is missing, and holds it from here to <see cref="Release"/>.</summary>
    /// <exception cref="TenantStoppedException">Another process holds it.</exception>
    /// <exception cref="StorageException">The folder or the lock's file cannot be made.</exception>
    public async Task TakeAsync(TenantPlan tenant, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (FileLock.TryTake(tenant.LockPath) is { } taken)
            {
                held.Add(tenant.Name, taken);
                return;
            }

            waitingSince ??= Stopwatch.GetTimestamp();
            if (Stopwatch.GetElapsedTime(waitingSince.Value) >= Grace)
            {
                throw new TenantStoppedException(
                    $"another process uses its folder {tenant.Folder}. Stop that process (`fuser {tenant.LockPath}` names it), "
                    + "or give this node another dataDirectory and keys of its own.");
            }

            await Task.Delay(Poll, cancellationToken);
        }
    }

    /// <summary>Lets other processes in, where the folder is held.</summary>
    public void Release(TenantPlan tenant)
    {
        if (held.Remove(tenant.Name, out var taken))
        {
            taken.Dispose();
        }
    }

    /// <summary>Releases all.</summary>
    public void Dispose()
    {
        foreach (var taken in held.Values)
        {
            taken.Dispose();
        }

        held.Clear();
    }
}
