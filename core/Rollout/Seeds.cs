using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Rollout;

/// <summary>Seeds hashed from identities: no shared generator, no order of calls, the same on every machine.</summary>
public static class Seeds
{
    /// <summary>Seed of a training rollout. Two runs of one spec and seed have the same, whatever their run ids.</summary>
    public static ulong Rollout(ulong seed, int step, TaskId task, int index) =>
        Derive(string.Create(CultureInfo.InvariantCulture, $"{seed}/rollout/{step}/{task.Value}/{index}"));

    /// <summary>Seed of an evaluation rollout: the same at every step, so that evaluations are paired.</summary>
    public static ulong Evaluation(ulong seed, TaskId task, int index) =>
        Derive(string.Create(CultureInfo.InvariantCulture, $"{seed}/evaluation/{task.Value}/{index}"));

    /// <summary>Seed for any other purpose, named by the caller.</summary>
    public static ulong For(ulong seed, string purpose) =>
        Derive(string.Create(CultureInfo.InvariantCulture, $"{seed}/{purpose}"));

    private static ulong Derive(string identity) =>
        BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(identity)));
}
